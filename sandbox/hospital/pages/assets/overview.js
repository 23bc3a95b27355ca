// Adds each status call to the table as it comes, and copies addresses.
const rows = document.querySelector("[data-calls]");
const KEPT = 12;
const WORDS = { 1: "connected", 2: "disconnected", 3: "waiting" };

function row(environment, call) {
  const line = document.createElement("tr");
  const texts = [
    new Date(call.at).toLocaleTimeString("en-GB"),
    environment,
    call.conferenceId,
    `${call.externalId} (${call.externalIdType})`,
    `${call.connectionStatus} ${WORDS[call.connectionStatus] ?? ""}`,
    `${call.status} ${call.outcome}`,
  ];
  for (const text of texts) {
    line.insertCell().textContent = text;
  }
  if (call.status !== 200) {
    line.lastElementChild.className = "refused";
  }
  return line;
}

for (const time of document.querySelectorAll("time[data-clock]")) {
  time.textContent = new Date(time.dateTime).toLocaleTimeString("en-GB");
}

if (rows instanceof HTMLElement) {
  for (const environment of ["test", "production"]) {
    const events = new EventSource(`/${environment}/live`);
    events.addEventListener("call", (event) => {
      rows.querySelector("[data-none]")?.remove();
      rows.prepend(row(environment, JSON.parse(event.data)));
      while (rows.children.length > KEPT) {
        rows.lastElementChild?.remove();
      }
    });
    events.addEventListener("reset", () => location.reload());
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
}
