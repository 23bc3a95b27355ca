// The arrival board: follows one visit, keeps signalling until somebody says that it is handled.
import { type BoardPerson, type BoardView, Doors, RefusedError, webAddress } from "../visit/api.ts";
import { made, part, pressed, put } from "../visit/dom.ts";
import { Rounds } from "../visit/pauses.ts";
import { chime } from "../visit/sound.ts";
import { contactAfter } from "../visit/state.ts";
import { say } from "../visit/words.ts";
import { guess, surroundings } from "./desktop.ts";
import { inTeams } from "./join.ts";
import { type Line, lineOf } from "./people.ts";
import { clock } from "./time.ts";

const CHIME_EVERY_MS = 20_000;
const SOUND = "board sound";

const page = part("board");
const doors = new Doors(page.dataset.visit ?? "");
const language = document.documentElement.lang;
const title = document.title;
const handledHere = new Set<string>();

let view: BoardView | undefined;
let offset = 0;
let lastAnswer = new Date();
let sounded = "";
let soundedAt = 0;
let sound = remembered();
let isDesktop = false;

const rounds = new Rounds(look);

async function look(): Promise<boolean> {
  try {
    view = await doors.board();
  } catch (error) {
    const status = error instanceof RefusedError ? error.status : 0;
    const lost = contactAfter(status, navigator.onLine) === "lost";
    if (lost) rounds.stop();
    fresh(lost ? say("board_say_lost") : say("board_say_stale", { time: clock(lastAnswer, language) }), true);
    return false;
  }
  lastAnswer = new Date();
  offset = Date.parse(view.now) - lastAnswer.getTime();
  for (const person of view.people) if (!person.needsAttention) handledHere.delete(person.key);
  fresh(say("board_say_fresh"), false);
  show();
  return true;
}

function show(): void {
  if (!view) return;
  const now = new Date(Date.now() + offset);
  const lines = view.people.map((person) => lineOf(known(person), now, language, say));
  const signals = lines.filter(({ signal }) => signal);
  showPeople(lines);
  showSignals(signals);
  page.dataset.over = String(view.over);
  showJoin(view.joinUrl);
  put(
    part("opened"),
    say(view.over ? "board_say_over" : view.opened ? "board_say_opened" : "board_say_not_opened"),
  );
}

/** What was handled here stays handled while the connector is being told. */
function known(person: BoardPerson): BoardPerson {
  return handledHere.has(person.key) ? { ...person, needsAttention: false } : person;
}

function showPeople(lines: readonly Line[]): void {
  part("empty").hidden = lines.length > 0 || view?.over === true;
  match(part("people"), lines, (item, line) => {
    item.dataset.tone = line.tone;
    cell(item, "h3", "who", line.who);
    cell(item, "p", "state", line.state);
    cell(item, "p", "devices", line.devices).dataset.tone = line.devicesTone;
    cell(item, "p", "help", line.help);
  });
}

function showSignals(signals: readonly Line[]): void {
  match(part("signals"), signals, (item, line) => {
    cell(item, "p", "said", line.signal);
    if (item.querySelector("button")) return;
    const button = made("button", "button", say("board_say_handle"));
    button.type = "button";
    button.setAttribute("aria-label", `${say("board_say_handle")}: ${line.who}`);
    button.addEventListener("click", () => void handle(line.key));
    item.append(button);
  });
  part("signals").hidden = signals.length === 0;
  document.title = signals.length > 0 ? `(${signals.length}) ${signals[0]?.signal}` : title;
  part<HTMLLinkElement>("icon").href = `/api/assets/${signals.length > 0 ? "alert" : "icon"}.svg`;
  void ring(signals.map(({ key, signal }) => `${key} ${signal}`).join("\n"));
}

/** One item for each line, kept over rounds so that focus and screen readers are not disturbed. */
function match(
  list: HTMLElement,
  lines: readonly Line[],
  fillIn: (item: HTMLElement, line: Line) => void,
): void {
  const present = new Map(
    [...list.children].map((one) => [(one as HTMLElement).dataset.key, one as HTMLElement]),
  );
  for (const line of lines) {
    let item = present.get(line.key);
    present.delete(line.key);
    if (!item) {
      item = made("li");
      item.dataset.key = line.key;
      list.append(item);
    }
    fillIn(item, line);
  }
  for (const gone of present.values()) gone.remove();
}

function cell(item: HTMLElement, tag: "h3" | "p", name: string, text: string): HTMLElement {
  let found = item.querySelector<HTMLElement>(`.${name}`);
  if (!found) {
    found = made(tag, name);
    item.append(found);
  }
  put(found, text);
  found.hidden = !text;
  return found;
}

async function handle(key: string): Promise<void> {
  handledHere.add(key);
  show();
  page.focus({ preventScroll: true });
  try {
    await doors.handled(key);
  } catch {
    // It was not taken in: the signal comes back rather than being lost.
    handledHere.delete(key);
    show();
  }
}

async function ring(signals: string): Promise<void> {
  const due = signals !== sounded || Date.now() - soundedAt > CHIME_EVERY_MS;
  sounded = signals;
  if (!signals || !sound || !due) return;
  soundedAt = Date.now();
  await chime();
}

function showJoin(joinUrl: string | null): void {
  showDesktop();
  part("join").hidden = !joinUrl;
  part("no-join").hidden = Boolean(joinUrl);
  if (!joinUrl) return;
  const address = webAddress(joinUrl);
  part<HTMLAnchorElement>("join-teams").href = inTeams(address);
  part<HTMLAnchorElement>("join-browser").href = address.href;
  part<HTMLInputElement>("desktop-link").value = address.href;
}

/** What it offers is the link: nothing to copy before there is one. */
function showDesktop(): void {
  part("desktop").hidden = !isDesktop || !view?.joinUrl;
}

function fresh(text: string, stale: boolean): void {
  put(part("fresh"), text);
  page.dataset.stale = String(stale);
}

function remembered(): boolean {
  try {
    return localStorage.getItem(SOUND) === "on";
  } catch {
    return false;
  }
}

function showSound(): void {
  const button = part("sound");
  button.setAttribute("aria-checked", String(sound));
  put(part("sound-state"), say(sound ? "board_say_sound_on" : "board_say_sound_off"));
}

async function switchSound(): Promise<void> {
  sound = !sound;
  try {
    localStorage.setItem(SOUND, sound ? "on" : "off");
  } catch {
    // Kept for as long as the page is open, then.
  }
  showSound();
  if (sound) await chime();
}

async function lookAround(): Promise<void> {
  const { certainty, signs } = guess(await surroundings());
  if (certainty === "none") return;
  put(
    part("desktop-said"),
    say(certainty === "likely" ? "board_say_desktop_likely" : "board_say_desktop_possible"),
  );
  put(part("desktop-signs"), signs.join(", "));
  isDesktop = true;
  showDesktop();
}

async function copyLink(): Promise<void> {
  const field = part<HTMLInputElement>("desktop-link");
  field.select();
  const copied = await navigator.clipboard?.writeText(field.value).then(
    () => true,
    () => false,
  );
  put(part("desktop-copied"), say(copied ? "board_say_copied" : "board_say_not_copied"));
}

pressed("sound", switchSound);
pressed("desktop-copy", copyLink);
showSound();
void lookAround();
void rounds.round();
