// What the board says of each person, and which of them still need somebody to react: pure.
import type { BoardPerson } from "../visit/api.ts";
import { DEVICES, fromSummary, NAMES, type Result, wordFor } from "../visit/results.ts";
import type { Word } from "../visit/words.ts";
import { duration } from "./time.ts";

type Say = (word: Word, values?: Readonly<Record<string, string>>) => string;

export interface Line {
  readonly key: string;
  readonly who: string;
  readonly state: string;
  readonly tone: "waiting" | "connected" | "left" | "absent";
  readonly devices: string;
  readonly devicesTone: "fine" | "bad" | "unknown";
  readonly help: string;
  readonly signal: string;
}

const ROLES: Readonly<Record<string, Word>> = {
  patient: "board_say_patient",
  provider: "board_say_provider",
};

/** How a person is called here: role and number, never a name. */
export function called(person: BoardPerson, say: Say): string {
  return say(ROLES[person.role] ?? "board_say_guest", { number: String(person.number) });
}

/** The line of one person; `now` is the connector's clock. */
export function lineOf(person: BoardPerson, now: Date, language: string, say: Say): Line {
  const who = called(person, say);
  const clinician = person.role === "provider";
  return {
    key: person.key,
    who,
    ...stateOf(person, now, language, say),
    ...(clinician ? { devices: "", devicesTone: "unknown" as const } : devicesOf(person, say)),
    help: person.helpAsked ? say("board_say_help") : "",
    signal: signalOf(person, who, say),
  };
}

function stateOf(person: BoardPerson, now: Date, language: string, say: Say): Pick<Line, "state" | "tone"> {
  const passed = person.since ? Math.max(0, now.getTime() - Date.parse(person.since)) : 0;
  const time = duration(passed, language) ?? say("board_say_under_minute");
  switch (person.state) {
    case "waiting":
      return { state: say("board_say_waiting", { time }), tone: "waiting" };
    case "connected":
      return { state: say("board_say_connected", { time }), tone: "connected" };
    case "disconnected":
      return { state: say("board_say_left", { time }), tone: "left" };
    default:
      return { state: say("board_say_absent"), tone: "absent" };
  }
}

function devicesOf({ devices }: BoardPerson, say: Say): Pick<Line, "devices" | "devicesTone"> {
  const results = fromSummary(devices);
  const others = DEVICES.filter((one) => results[one] !== "fine");
  const untested = DEVICES.every((one) => results[one] === "skipped");
  if (untested) return { devices: say("board_say_devices_untested"), devicesTone: "unknown" };
  if (others.length === 0) return { devices: say("board_say_devices_fine"), devicesTone: "fine" };
  const texts = others.map((one) => `${say(NAMES[one])}: ${say(wordFor(one, results[one]))}`);
  const bad: readonly Result[] = ["blocked", "missing", "failed"];
  const devicesTone = others.some((one) => bad.includes(results[one])) ? "bad" : "unknown";
  return { devices: texts.join(" · "), devicesTone };
}

/** What stays on the board until somebody says that it is handled; empty if there is nothing. */
function signalOf(person: BoardPerson, who: string, say: Say): string {
  if (!person.needsAttention) return "";
  return say(person.helpAsked ? "board_say_signal_help" : "board_say_signal_arrived", { who });
}
