// @ts-check
// The waiting page: asks whether the visit is open and goes on by itself when it is.

const PAUSE = 1000;
const LONGEST_PAUSE = 15000;

const visit = /** @type {HTMLElement} */ (document.getElementById("visit"));
const sentence = /** @type {HTMLElement} */ (document.getElementById("sentence"));
const stay = /** @type {HTMLElement} */ (document.getElementById("stay"));
const join = /** @type {HTMLButtonElement} */ (document.getElementById("join"));
const query = `?visit=${encodeURIComponent(visit.dataset.visit ?? "")}`;

let leaving = false;
let pause = PAUSE;

/** @param {"here" | "opened" | "over" | "offline"} state */
function say(state) {
  const text = document.querySelector(`[data-when="${state}"]`)?.textContent ?? "";
  if (sentence.textContent !== text) sentence.textContent = text;
  stay.hidden = state === "over";
  visit.dataset.state = state;
}

async function goOn() {
  if (leaving) return;
  leaving = true;
  const answer = await fetch(`/api/visits/current/join${query}`, { method: "POST" });
  if (answer.ok) {
    const { joinUrl } = await answer.json();
    window.location.assign(joinUrl);
    return;
  }
  leaving = false;
}

async function look() {
  try {
    const answer = await fetch(`/api/visits/current${query}`, { headers: { Accept: "application/json" } });
    if (answer.status === 401) return say("over");
    if (!answer.ok) throw new Error(String(answer.status));
    pause = PAUSE;
    const { opened, over } = await answer.json();
    if (over) return say("over");
    say(opened ? "opened" : "here");
    join.hidden = !opened;
    if (opened) await goOn();
  } catch {
    say("offline");
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
  window.setTimeout(look, pause);
}

join.addEventListener("click", () => void goOn());
window.addEventListener("pageshow", () => {
  leaving = false;
});
void look();
