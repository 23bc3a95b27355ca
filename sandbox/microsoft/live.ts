/** The one script of the live pages: fetches a piece of the page again whenever the server says that it changed. */

/** `data-live` names the piece, `data-events` the stream, `data-acts` where buttons send what they do. */
export const LIVE_SCRIPT = `
const room = document.querySelector("[data-live]");
const said = document.getElementById("said");
const key = "leg:" + location.pathname;
const leg = () => sessionStorage.getItem(key) ?? "";
let latest = 0;
async function show() {
  const mine = ++latest;
  const answer = await fetch(room.dataset.live + "?leg=" + encodeURIComponent(leg()));
  const text = await answer.text();
  if (mine !== latest || text === room.innerHTML) return;
  const focus = document.activeElement?.id;
  const typed = room.querySelector("input[type=text]")?.value;
  room.innerHTML = text;
  const field = room.querySelector("input[type=text]");
  if (field && typed !== undefined) field.value = typed;
  if (focus) document.getElementById(focus)?.focus();
  const now = room.querySelector("[data-say]")?.dataset.say ?? "";
  say(now, "unseen");
}
function say(text, look) {
  if (!said || said.textContent === text) return;
  said.className = look;
  said.textContent = text;
}
room.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  const form = new FormData(event.target, button);
  form.set("leg", leg());
  button.disabled = true;
  const answer = await fetch(room.dataset.acts, { method: "POST", body: new URLSearchParams(form) });
  const result = await answer.json();
  if (result.legId) sessionStorage.setItem(key, result.legId);
  await show();
  if (!answer.ok) say(result.error, "error");
  document.getElementById("heading")?.focus();
});
const events = new EventSource(room.dataset.events);
for (const name of ["roster", "changed"]) events.addEventListener(name, show);
events.addEventListener("open", show);
`;
