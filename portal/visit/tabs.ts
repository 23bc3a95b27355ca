// Several tabs of one visit: one leads, and only that one goes on by itself, so that nobody arrives twice.

const SOON_MS = 300;

export interface Tabs {
  /** Tells the other tabs that this one has gone on. */
  gone(): void;
}

/** Calls `onLead` whenever it becomes known whether this tab leads, `onGone` when another has gone on. */
export async function joinTabs(
  visit: string,
  onLead: (leads: boolean) => void,
  onGone: () => void,
): Promise<Tabs> {
  const channel =
    typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(`visit ${visit}`);
  channel?.addEventListener("message", onGone);
  if (navigator.locks) await untilKnown(visit, onLead);
  else onLead(true);
  return { gone: () => channel?.postMessage("gone") };
}

// After a refresh the page before may hold its lock for another moment: that is no other tab.
async function untilKnown(visit: string, onLead: (leads: boolean) => void): Promise<void> {
  let leads = false;
  await new Promise<void>((known) => {
    const hold = () => {
      leads = true;
      onLead(true);
      known();
      // Held for as long as the page lives.
      return new Promise<never>(() => {});
    };
    navigator.locks.request(`visit ${visit}`, hold).catch(hold);
    window.setTimeout(() => {
      if (!leads) onLead(false);
      known();
    }, SOON_MS);
  });
}
