// Follows the state of every participant as the EHR is told it.
const page = document.querySelector("[data-live]");
const clock = (at) => new Date(at).toLocaleTimeString("en-GB");

function show(badge, { state, at }) {
  const time = document.createElement("time");
  time.dateTime = at;
  time.textContent = clock(at);
  badge.className = `badge ${state} fresh`;
  badge.replaceChildren(state, time);
}

for (const time of document.querySelectorAll("time[data-clock]")) {
  time.textContent = clock(time.dateTime);
}

for (const time of document.querySelectorAll("time[data-short]")) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

if (page instanceof HTMLElement) {
  const events = new EventSource(page.dataset.live);
  const key = (status) => `${status.appointment}|${status.externalIdType}|${status.externalId}`;
  const update = (status) => {
    const visit = document.querySelector(`[data-appointment="${CSS.escape(status.appointment)}"]`);
    const badge = document.querySelector(`[data-participant="${CSS.escape(key(status))}"]`);
    if (badge !== null) {
      show(badge, status);
    } else if (visit !== null) {
      // Somebody whom the schedule did not expect: the page knows how to name them.
      location.reload();
    }
  };
  events.addEventListener("status", (event) => update(JSON.parse(event.data)));
  // After a lost connection: what was missed in between.
  events.addEventListener("present", (event) => {
    for (const status of JSON.parse(event.data)) {
      const badge = document.querySelector(`[data-participant="${CSS.escape(key(status))}"]`);
      const shown = badge?.querySelector("time")?.getAttribute("datetime");
      if (shown !== status.at) {
        update(status);
      }
    }
  });
  events.addEventListener("reset", () => location.reload());
}
