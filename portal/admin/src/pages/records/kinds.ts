/** What each integration record is called, and what it is for. */
import type { MessageKey } from "../../messages/language.ts";

interface Kind {
  readonly title: MessageKey;
  readonly hint: MessageKey;
}

const KINDS: Readonly<Record<string, Kind>> = {
  provider: { title: "record.provider", hint: "record.providerHint" },
  patient: { title: "record.patient", hint: "record.patientHint" },
  "group-provider": { title: "record.groupProvider", hint: "record.groupProviderHint" },
  "group-patient": { title: "record.groupPatient", hint: "record.groupPatientHint" },
  "device-test": { title: "record.deviceTest", hint: "record.deviceTestHint" },
};

export function kindOf(kind: string): Kind {
  return KINDS[kind] ?? { title: "record.other", hint: "record.otherHint" };
}
