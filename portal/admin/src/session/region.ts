/** Which of the regions is the tenant's: the one that knows it; a choice counts only until one does. While a tenant
 * moves two know it: then the one that the address named (`?region=…`). */
import type { Schemas } from "../api/client.ts";
import type { Region } from "../app/config.ts";

export interface Answer {
  readonly region: Region;
  readonly me?: Schemas["TenantOut"];
  readonly error?: Error;
}

const NAMED = "named-region";

/** The region that this tab was opened for, if its address named one. */
export function namedRegion(search: string, tab: Storage): string | null {
  const named = new URLSearchParams(search).get("region");
  if (named) {
    tab.setItem(NAMED, named);
  }
  return tab.getItem(NAMED);
}

export function settledRegion(
  answers: readonly Answer[],
  chosen: string | null,
  named: string | null = null,
): Answer | undefined {
  const meant = answers.find(({ region, me }) => me && region.geography === named);
  if (meant) {
    return meant;
  }
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
