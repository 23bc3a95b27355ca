/** What the URL doctor's answer means for what somebody has typed. */
import type { Schemas } from "../../api/client.ts";

type Checkup = Schemas["CheckupOut"];

/** Shorter than any base URL; asking about it would only bring complaints about a word half typed. */
const SHORTEST = 8;

export function isWorthAsking(typed: string): boolean {
  return typed.trim().length >= SHORTEST;
}

/** The URL to offer instead of the typed one; empty if there is nothing to repair. */
export function repairOf(checkup: Checkup, typed: string): string {
  const better = checkup.proposal || checkup.url;
  return better && better !== typed.trim() ? better : "";
}

export type Verdict = "well" | "repairable" | "unwell";

export function verdictOf(checkup: Checkup, typed: string): Verdict {
  if (checkup.isWell) {
    return "well";
  }
  return repairOf(checkup, typed) ? "repairable" : "unwell";
}
