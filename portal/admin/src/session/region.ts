/** Which of the regions is the tenant's: the one that knows it; a choice counts only until one does. */
import type { Schemas } from "../api/client.ts";
import type { Region } from "../app/config.ts";

export interface Answer {
  readonly region: Region;
  readonly me?: Schemas["TenantOut"];
  readonly error?: Error;
}

export function settledRegion(answers: readonly Answer[], chosen: string | null): Answer | undefined {
  const knowing = answers.find(({ me }) => me?.known);
  if (knowing) {
    return knowing;
  }
  // A region that did not answer may be the one that knows the tenant: nothing new may begin elsewhere.
  if (answers.some(({ me }) => me === undefined)) {
    return undefined;
  }
  return answers.length === 1 ? answers[0] : answers.find(({ region }) => region.geography === chosen);
}
