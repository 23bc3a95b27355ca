// The patient's page: says how the visit stands, tests devices, and goes on to the visit by itself.
import { Doors, RefusedError, type VisitView } from "./api.ts";
import { DeviceCheck } from "./devices.ts";
import { part, pressed, put } from "./dom.ts";
import { Help } from "./help.ts";
import { Memory } from "./memory.ts";
import { Rounds } from "./pauses.ts";
import { contactAfter, type Facts, type Saying, saying } from "./state.ts";
import { joinTabs, type Tabs } from "./tabs.ts";
import { say } from "./words.ts";

const PAUSE_SECONDS = 10;
const STILL_HERE_MS = 5000;
const NOT_OPEN_YET = 409;

const page = part("visit");
const visit = page.dataset.visit ?? "";
const doors = new Doors(visit);
const memory = new Memory(visit);
const title = document.title;

let facts: Facts = {
  contact: "fine",
  opened: false,
  over: false,
  state: "",
  went: memory.read("went") === true,
  leads: true,
  testing: false,
  stays: false,
};
let leaving = false;
let countdown: number | undefined;
let tabs: Tabs | undefined;

const devices = new DeviceCheck(doors, memory, () => learn({ testing: devices.active, stays: false }));
const help = new Help(doors);
const rounds = new Rounds(look);

function learn(news: Partial<Facts>): void {
  facts = { ...facts, ...news };
  show();
}

function show(): void {
  if (leaving) return;
  const now = saying(facts);
  page.dataset.state = now.tone;
  put(part("sentence"), say(now.sentence));
  put(part("more"), now.more ? say(now.more) : "");
  part("join").hidden = !now.button || now.goes === "soon";
  document.title = now.tone === "open" ? `${say("say_title_open")} – ${title}` : title;
  pause(now);
  if (now.goes === "now") void goOn();
}

function pause(now: Saying): void {
  part("going").hidden = now.goes !== "soon";
  if (now.goes !== "soon") {
    window.clearInterval(countdown);
    countdown = undefined;
    return;
  }
  if (countdown !== undefined) return;
  let left = PAUSE_SECONDS;
  const seconds = part("going-seconds");
  put(seconds, String(left));
  countdown = window.setInterval(() => {
    left -= 1;
    put(seconds, String(left));
    if (left <= 0) void goOn();
  }, 1000);
}

async function goOn(): Promise<void> {
  if (leaving) return;
  leaving = true;
  window.clearInterval(countdown);
  try {
    const address = await doors.join();
    devices.stop();
    memory.write("went", true);
    tabs?.gone();
    facts = { ...facts, went: true };
    window.location.assign(address);
    // On a phone the Teams app may take the address, and this page stays behind it.
    window.setTimeout(stillHere, STILL_HERE_MS);
  } catch (error) {
    leaving = false;
    refused(error);
  }
}

function stillHere(): void {
  leaving = false;
  show();
}

function refused(error: unknown): void {
  const status = error instanceof RefusedError ? error.status : 0;
  learn(status === NOT_OPEN_YET ? { opened: false } : { contact: contactAfter(status, navigator.onLine) });
}

async function look(): Promise<boolean> {
  if (leaving) return true;
  try {
    told(await doors.view());
    return true;
  } catch (error) {
    if (leaving) return true;
    refused(error);
    if (facts.contact === "lost") rounds.stop();
    return false;
  }
}

function told(view: VisitView): void {
  help.show(view.helpAsked, view.dialIn ?? "");
  // A visit that was closed and is opened anew is entered anew.
  if (!view.opened && facts.went) memory.write("went", false);
  const went = view.opened && facts.went;
  learn({ contact: "fine", opened: view.opened, over: view.over, state: view.state, went });
}

async function begin(): Promise<void> {
  pressed("join", goOn);
  pressed("going-now", goOn);
  pressed("going-stay", () => learn({ stays: true }));
  window.addEventListener("pageshow", stillHere);
  tabs = await joinTabs(
    visit,
    (leads) => learn({ leads }),
    () => learn({ went: true }),
  );
  await rounds.round();
}

void begin();
