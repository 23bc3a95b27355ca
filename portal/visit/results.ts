// What a device test can find, in the words that the connector understands.
import type { Word } from "./words.ts";

export type Device = "camera" | "microphone" | "speaker" | "connection";
export type Result = "fine" | "blocked" | "missing" | "skipped" | "failed";
export type Results = Record<Device, Result>;

export const DEVICES: readonly Device[] = ["camera", "microphone", "speaker", "connection"];

/** Why a device does not work, as far as the browser says. */
export type Cause = "browser" | "system" | "busy" | "none" | "unsupported";

export interface Finding {
  readonly result: Result;
  readonly cause: Cause;
}

export const FINE: Finding = { result: "fine", cause: "none" };

export const NAMES: Readonly<Record<Device, Word>> = {
  camera: "check_camera",
  microphone: "check_microphone",
  speaker: "check_speaker",
  connection: "check_connection",
};

/** What getUserMedia's refusal means (W3C Media Capture and Streams, section 10.2). */
export function findingOf(error: unknown): Finding {
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return { result: "blocked", cause: /system|platform/i.test(message) ? "system" : "browser" };
    case "NotFoundError":
    case "OverconstrainedError":
      return { result: "missing", cause: "none" };
    case "NotReadableError":
    case "AbortError":
      return { result: "failed", cause: "busy" };
    default:
      return { result: "failed", cause: "unsupported" };
  }
}

/** What is not known is not tested; a result that somebody else wrote is not believed. */
export function complete(known: Partial<Record<Device, unknown>>): Results {
  const allowed: readonly unknown[] = ["fine", "blocked", "missing", "failed"];
  const of = (device: Device) => (allowed.includes(known[device]) ? (known[device] as Result) : "skipped");
  return {
    camera: of("camera"),
    microphone: of("microphone"),
    speaker: of("speaker"),
    connection: of("connection"),
  };
}

/** The word for a result; a connection is weak rather than broken: the page did load. */
export function wordFor(device: Device, result: Result): Word {
  if (device === "connection" && result === "failed") return "check_weak";
  const words: Record<Result, Word> = {
    fine: "check_fine",
    blocked: "check_blocked",
    missing: "check_missing",
    skipped: "check_skipped",
    failed: "check_failed",
  };
  return words[result];
}

/** Reads the connector's summary: "fine", or those that are not, as "microphone blocked, speaker skipped". */
export function fromSummary(summary: string): Results {
  if (!summary) return complete({});
  const named = new Map(summary.split(", ").map((one) => one.split(" ") as [string, string]));
  return complete(Object.fromEntries(DEVICES.map((device) => [device, named.get(device) ?? "fine"])));
}
