/** Integration records as an analyst pastes them, and the mnemonics of their context tokens (Epic: FDI records). */
import type { Appointment, EhrUser, Patient } from "../common/cast.ts";

export const RECORD_KINDS = [
  "provider",
  "patient",
  "group-provider",
  "group-patient",
  "device-test",
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface IntegrationRecord {
  readonly launchUrl: string;
  readonly clientId: string;
  readonly contextToken: string;
}

export function recordKind(value: unknown): RecordKind | undefined {
  return RECORD_KINDS.find((kind) => kind === value);
}

/** A record whose members are usable, or a sentence that says which one is not. */
export function checkedRecord(
  launchUrl: string,
  clientId: string,
  contextToken: string,
): IntegrationRecord | string {
  const url = URL.parse(launchUrl.trim());
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return "The launch URL must be a whole address that begins with http:// or https://.";
  }
  if (clientId.trim() === "") {
    return "The client id is missing.";
  }
  if (!/^[^=&\s]+=/.test(contextToken.trim())) {
    return "The context token must be pairs of name=value, such as sessionId=%CSN%.";
  }
  return { launchUrl: url.href, clientId: clientId.trim(), contextToken: contextToken.trim() };
}

const LABELS: readonly (readonly [keyof IntegrationRecord, RegExp])[] = [
  ["launchUrl", /^(launch\s*)?(url|uri)$/],
  ["clientId", /^client\s*id(entifier)?$/],
  ["contextToken", /^(launch\s*)?context(\s*tokens?)?$/],
];

/** Reads a block of `Field: value` lines; lines with other labels are left aside. */
export function pastedFields(block: string): Partial<Record<keyof IntegrationRecord, string>> {
  const found: Partial<Record<keyof IntegrationRecord, string>> = {};
  for (const line of block.split(/\r?\n/)) {
    const [, label, value] = /^\s*(?:\d+\s+)?([A-Za-z][\w \t-]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    const words = label?.toLowerCase().replace(/[_-]/g, " ");
    const match = LABELS.find(([, pattern]) => words !== undefined && pattern.test(words));
    if (match !== undefined && value) {
      found[match[0]] = value;
    }
  }
  return found;
}

/** What the mnemonics of one launch stand for. */
export interface Mnemonics {
  readonly appointment: Appointment;
  readonly user: EhrUser | undefined;
  readonly patient: Patient | undefined;
}

function replacement(mnemonic: string, { appointment, user, patient }: Mnemonics): string {
  const name = mnemonic.split(";")[0]?.toUpperCase();
  switch (name) {
    case "CSN":
      return appointment.csn;
    case "CONFERENCEID":
      return appointment.conferenceId;
    case "EPICUSERID":
    case "USERPROVID":
      return user?.login ?? "";
    case "EPICUSERFHIRID":
    case "USERPROVFHIRID":
      return user?.fhirId ?? "";
    case "PATID":
      return patient?.patientId ?? "";
    case "DEPID":
    case "PERFDEPID":
      return appointment.department;
    default:
      // An unknown mnemonic yields nothing, as it does in the EHR.
      return "";
  }
}

/** The members that a context token adds to the token response. */
export function contextMembers(contextToken: string, mnemonics: Mnemonics): Record<string, string> {
  const members: Record<string, string> = {};
  for (const pair of contextToken.split("&")) {
    const at = pair.indexOf("=");
    if (at > 0) {
      const value = pair.slice(at + 1);
      members[pair.slice(0, at)] = value.replace(/%([A-Za-z]\w*(?:;[^%]*)?)%/g, (_, name: string) =>
        replacement(name, mnemonics),
      );
    }
  }
  return members;
}
