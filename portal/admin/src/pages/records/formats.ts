/** Integration records as text and CSV. Field names stay English: they are what stands in the EHR. */
import type { Schemas } from "../../api/client.ts";
import { csv } from "../../parts/csv.ts";

export type Integration = Schemas["RecordOut"];

export const FIELDS = [
  { name: "launchUrl", label: "Launch URL" },
  { name: "clientId", label: "Client ID" },
  { name: "contextToken", label: "Context token" },
] as const satisfies readonly { name: keyof Integration; label: string }[];
export type FieldName = (typeof FIELDS)[number]["name"];

/** The fields that a record has: not every kind of EHR knows a context token. */
export function fieldsOf(record: Integration): readonly (typeof FIELDS)[number][] {
  return FIELDS.filter(({ name }) => record[name] !== "");
}

/** One record as `Field: value` lines, which compare and many EHR forms take back as they are. */
export function asBlock(record: Integration): string {
  return fieldsOf(record)
    .map(({ name, label }) => `${label}: ${record[name]}`)
    .join("\n");
}

export interface Sheet {
  readonly fhirBaseUrl: string;
  readonly environment: string;
  readonly fingerprint: string;
  readonly jwksUrl: string;
  readonly made: string;
}

export function asText(records: readonly Integration[], sheet: Sheet): string {
  const head = [
    `FHIR base URL: ${sheet.fhirBaseUrl}`,
    `Environment: ${sheet.environment}`,
    `JWKS URL: ${sheet.jwksUrl}`,
    `Fingerprint: ${sheet.fingerprint}`,
    `Date: ${sheet.made}`,
  ].join("\n");
  const parts = records.map((record) => `[${record.kind}]\n${asBlock(record)}`);
  return `${[head, ...parts].join("\n\n")}\n`;
}

export function asCsv(records: readonly Integration[], sheet: Sheet): string {
  return csv([
    ["Record", ...FIELDS.map(({ label }) => label), "Environment", "Fingerprint", "Date"],
    ...records.map((record) => [
      record.kind,
      ...FIELDS.map(({ name }) => record[name]),
      sheet.environment,
      sheet.fingerprint,
      sheet.made,
    ]),
  ]);
}

/** A file name that says which records these are, in characters that every system takes. */
export function fileName(sheet: Sheet, ending: string): string {
  const host = new URL(sheet.fhirBaseUrl).hostname;
  return `integration-records-${host}-${sheet.environment}-${sheet.fingerprint.slice(0, 8)}.${ending}`;
}
