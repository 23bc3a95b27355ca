/** What a connection is called among people, and what to tell the analyst about it. */
import type { Connection } from "../../api/queries.ts";

/** Host and environment: short enough to type, and different for the test and the production of one hospital. */
export function nameOf({
  fhirBaseUrl,
  environment,
}: Pick<Connection, "fhirBaseUrl" | "environment">): string {
  return `${new URL(fhirBaseUrl).hostname} ${environment}`;
}

export function invitationLink(id: string): string {
  return `${window.location.origin}/approve/${id}`;
}
