// The one true sentence of the patient's page, from what is known: pure, so that every state is tested.
import type { Word } from "./words.ts";

export interface Facts {
  /** How the last question to the connector went. */
  readonly contact: "fine" | "offline" | "failed" | "lost";
  readonly opened: boolean;
  readonly over: boolean;
  /** The person's own state in the visit: "", "waiting", "connected", "disconnected". */
  readonly state: string;
  /** This browser has gone on to the visit from this page already. */
  readonly went: boolean;
  /** Of several tabs of the same visit, one leads: only that one goes on by itself. */
  readonly leads: boolean;
  /** A device test is running. */
  readonly testing: boolean;
  /** The person asked to stay and finish the test. */
  readonly stays: boolean;
}

export interface Saying {
  readonly sentence: Word;
  /** The second, quieter line. */
  readonly more: Word | null;
  readonly tone: "waiting" | "open" | "stopped" | "trouble";
  /** Whether the button to the visit is there. */
  readonly button: boolean;
  /** Whether the page goes on by itself. */
  readonly goes: "now" | "soon" | "no";
}

/** What the page says and does. */
export function saying(facts: Facts): Saying {
  const { contact } = facts;
  if (contact === "lost") return stopped("say_lost");
  if (contact === "offline") return trouble("say_offline");
  if (contact === "failed") return trouble("say_failed");
  if (facts.over) return stopped("say_over");
  return facts.opened ? open(facts) : waiting(facts);
}

function waiting({ leads }: Facts): Saying {
  const more = leads ? "say_stay" : "say_stay_other";
  return { sentence: "say_here", more, tone: "waiting", button: false, goes: "no" };
}

function open(facts: Facts): Saying {
  const there: Saying = { sentence: "say_opened", more: null, tone: "open", button: true, goes: "no" };
  // Whoever is in the visit already must not be sent there a second time: that would be a second person.
  if (facts.state === "connected") return { ...there, sentence: "say_connected" };
  if (facts.state === "disconnected") return { ...there, sentence: "say_left" };
  if (facts.went) return { ...there, sentence: "say_went" };
  if (!facts.leads) return { ...there, sentence: "say_other_tab" };
  if (facts.testing && facts.stays) return { ...there, sentence: "say_ready" };
  if (facts.testing) return { ...there, sentence: "say_soon", goes: "soon" };
  return { ...there, goes: "now" };
}

function stopped(sentence: Word): Saying {
  return { sentence, more: "say_call", tone: "stopped", button: false, goes: "no" };
}

function trouble(sentence: Word): Saying {
  return { sentence, more: "say_call_if", tone: "trouble", button: false, goes: "no" };
}

/** What a refused request means for the page. */
export function contactAfter(status: number, online: boolean): Facts["contact"] {
  if (status === 401 || status === 410) return "lost";
  return status === 0 && !online ? "offline" : "failed";
}
