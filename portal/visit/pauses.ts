// How long to wait before asking again: each second, less often while nobody looks or nobody answers.

const USUAL_MS = 1000;
const HIDDEN_MS = 5000;
const LONGEST_MS = 15_000;

/** The next pause after so many failures in a row. */
export function pauseAfter(failures: number, hidden: boolean): number {
  const base = hidden ? HIDDEN_MS : USUAL_MS;
  return failures === 0 ? base : Math.min(LONGEST_MS, Math.max(base, USUAL_MS * 2 ** failures));
}

/** Asks again and again; at once when the page is looked at again or the network is back. */
export class Rounds {
  private timer: number | undefined;
  private running = false;
  private over = false;
  private failures = 0;

  /** `look` says whether it went well. */
  constructor(private readonly look: () => Promise<boolean>) {
    const now = () => void this.round();
    document.addEventListener("visibilitychange", () => document.hidden || now());
    window.addEventListener("online", now);
    window.addEventListener("offline", now);
    window.addEventListener("pageshow", now);
  }

  stop(): void {
    this.over = true;
    window.clearTimeout(this.timer);
  }

  async round(): Promise<void> {
    if (this.running || this.over) return;
    this.running = true;
    window.clearTimeout(this.timer);
    const well = await this.look();
    this.failures = well ? 0 : this.failures + 1;
    this.running = false;
    if (!this.over) {
      this.timer = window.setTimeout(() => void this.round(), pauseAfter(this.failures, document.hidden));
    }
  }
}
