/** The settings of a connection as fields of a form: which there are, what each is called, how to change one. */
import type { Schemas } from "../../api/client.ts";
import standard from "../../api/default-settings.json";
import type { MessageKey } from "../../messages/language.ts";

export type Settings = Schemas["ConnectionSettings"];
export type EhrKind = Schemas["EhrKind"];
export const STANDARD = standard as Settings;

/** `nullable`, `logo` and a `choice` whose first value is empty are absent when they are empty. */
type Kind = "text" | "nullable" | "logo" | "switch" | "number" | "choice";
type Flat = Readonly<Record<string, MessageKey>>;

export interface Choice {
  readonly value: string;
  /** What it is called; a code of HTTP or FHIR is called what it is. */
  readonly label?: MessageKey;
}

export interface SettingField {
  readonly path: string;
  readonly label: MessageKey;
  readonly kind: Kind;
  readonly choices: readonly Choice[];
}

export interface SettingGroup {
  readonly title: MessageKey;
  readonly hint: MessageKey;
  readonly fields: readonly SettingField[];
  /** The kinds of EHR for which these settings mean something; all if it is not there. */
  readonly kinds?: readonly EhrKind[];
}

export const KIND_NAMES: Readonly<Record<EhrKind, { label: MessageKey; hint: MessageKey }>> = {
  epic: { label: "kind.epic", hint: "kind.epicHint" },
  fhir: { label: "kind.fhir", hint: "kind.fhirHint" },
  oracle: { label: "kind.oracle", hint: "kind.oracleHint" },
  webhook: { label: "kind.webhook", hint: "kind.webhookHint" },
  none: { label: "kind.none", hint: "kind.noneHint" },
};

const LABELS = {
  "branding.name": "setting.branding.name",
  "branding.sentence": "setting.branding.sentence",
  "branding.clinicNumber": "setting.branding.number",
  "branding.logo": "setting.branding.logo",
  providerLanding: "setting.landing",
  meetingSubject: "setting.subject",
  organizerObjectId: "setting.organizer",
  signingAlgorithm: "setting.signing",
  "reconcile.attendanceReports": "setting.reconcile.attendance",
  "reconcile.callRecords": "setting.reconcile.records",
  "mnemonics.sessionId": "setting.mnemonic.session",
  "mnemonics.groupSessionId": "setting.mnemonic.groupSession",
  "mnemonics.providerId": "setting.mnemonic.provider",
  "mnemonics.providerIdType": "setting.mnemonic.providerType",
  "mnemonics.patientId": "setting.mnemonic.patient",
  "mnemonics.patientIdType": "setting.mnemonic.patientType",
  "mnemonics.department": "setting.mnemonic.department",
  "context.sessionId": "setting.context.session",
  "context.userId": "setting.context.user",
  "context.userIdType": "setting.context.userType",
  "context.department": "setting.context.department",
  "context.visit": "setting.context.visit",
  "statusCall.path": "setting.status.path",
  "statusCall.method": "setting.status.method",
  "statusCall.baseUrl": "setting.status.baseUrl",
  "statusCall.scope": "setting.status.scope",
  "statusCall.vendorName": "setting.status.vendor",
  "statusCall.codeWaiting": "setting.status.waiting",
  "statusCall.codeConnected": "setting.status.connected",
  "statusCall.codeDisconnected": "setting.status.disconnected",
  "statusCall.authentication": "setting.status.authentication",
  "statusCall.user": "setting.status.user",
  "statusCall.auditUser": "setting.status.auditUser",
  "statusCall.auditUserType": "setting.status.auditUserType",
  "fhir.patientConnected": "setting.write.patientConnected",
  "fhir.appointmentFulfilled": "setting.write.appointmentFulfilled",
  "fhir.encounterStatus": "setting.fhir.encounterStatus",
  "fhir.encounterPeriods": "setting.fhir.encounterPeriods",
  "fhir.encounterFinished": "setting.fhir.encounterFinished",
  "fhir.auditEvent": "setting.fhir.auditEvent",
  "fhir.virtualService": "setting.fhir.virtualService",
  "fhir.updateWith": "setting.fhir.updateWith",
  "fhir.identifierSystem": "setting.fhir.identifierSystem",
  "fhir.scope": "setting.fhir.scope",
  "oracle.patientConnected": "setting.write.patientConnected",
  "oracle.appointmentFulfilled": "setting.write.appointmentFulfilled",
  "oracle.videoLinks": "setting.oracle.videoLinks",
  "oracle.scope": "setting.status.scope",
  "webhook.url": "setting.webhook.url",
  "webhook.secretVersion": "setting.webhook.secretVersion",
  "webhook.joinUrl": "setting.webhook.joinUrl",
} as const satisfies Flat;
type Path = keyof typeof LABELS;

const CONNECTED: readonly Choice[] = [
  { value: "", label: "choice.unchanged" },
  { value: "arrived", label: "choice.arrived" },
  { value: "checked-in", label: "choice.checkedIn" },
];

const CHOICES: Partial<Record<Path, readonly Choice[]>> = {
  providerLanding: [
    { value: "meeting", label: "setting.landing.meeting" },
    { value: "board", label: "setting.landing.board" },
  ],
  signingAlgorithm: [{ value: "auto", label: "choice.auto" }, { value: "ES384" }, { value: "RS384" }],
  "statusCall.method": [{ value: "GET" }, { value: "POST" }],
  "statusCall.authentication": [
    { value: "token", label: "choice.token" },
    { value: "basic", label: "choice.basic" },
  ],
  "fhir.patientConnected": CONNECTED,
  "oracle.patientConnected": CONNECTED,
  "fhir.updateWith": [{ value: "PUT" }, { value: "PATCH" }],
};

const KINDS: Partial<Record<Path, Kind>> = {
  "branding.logo": "logo",
  organizerObjectId: "nullable",
  "statusCall.baseUrl": "nullable",
  "statusCall.codeWaiting": "nullable",
  "webhook.url": "nullable",
};

/** What a switch or a number is, its default says. */
function kindOf(path: Path): Kind {
  const value = found(STANDARD, path);
  if (typeof value === "boolean") {
    return "switch";
  }
  return typeof value === "number" ? "number" : (KINDS[path] ?? (CHOICES[path] ? "choice" : "text"));
}

function fieldsBelow(...beginnings: readonly string[]): SettingField[] {
  return (Object.keys(LABELS) as Path[])
    .filter((path) => beginnings.some((beginning) => path.startsWith(beginning)))
    .map((path) => ({ path, label: LABELS[path], kind: kindOf(path), choices: CHOICES[path] ?? [] }));
}

export const GROUPS: readonly SettingGroup[] = [
  { title: "settings.branding", hint: "settings.brandingHint", fields: fieldsBelow("branding.") },
  {
    title: "settings.visits",
    hint: "settings.visitsHint",
    fields: fieldsBelow("providerLanding", "meetingSubject", "organizerObjectId"),
  },
  {
    title: "settings.signing",
    hint: "settings.signingHint",
    fields: fieldsBelow("signingAlgorithm"),
  },
  {
    title: "settings.reconcile",
    hint: "settings.reconcileHint",
    fields: fieldsBelow("reconcile."),
  },
  {
    title: "settings.record",
    hint: "settings.recordHint",
    fields: fieldsBelow("mnemonics.", "context."),
    kinds: ["epic", "webhook", "none"],
  },
  {
    title: "settings.status",
    hint: "settings.statusHint",
    fields: fieldsBelow("statusCall."),
    kinds: ["epic"],
  },
  { title: "settings.fhir", hint: "settings.fhirHint", fields: fieldsBelow("fhir."), kinds: ["fhir"] },
  {
    title: "settings.oracle",
    hint: "settings.oracleHint",
    fields: fieldsBelow("oracle."),
    kinds: ["oracle"],
  },
  {
    title: "settings.webhook",
    hint: "settings.webhookHint",
    fields: fieldsBelow("webhook."),
    kinds: ["webhook"],
  },
];

/** What can be set for one kind of EHR. */
export function groupsFor(kind: EhrKind): readonly SettingGroup[] {
  return GROUPS.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
}

const CONTENT: Flat = {
  fhirBaseUrl: "field.url",
  environment: "field.environment",
  ehrKind: "field.ehrKind",
  approver: "field.approver",
};

/** What a setting is called, by its dotted name in a list of differences; undefined if it is new to this page. */
export function labelOf(dotted: string): MessageKey | undefined {
  const path = dotted.replace(/^settings\./, "");
  return CONTENT[dotted] ?? (LABELS as Flat)[path];
}

/** What a value is called, where it is one of a few; by the setting's dotted name in a list of differences. */
export function wordOf(dotted: string, value: string): MessageKey | undefined {
  if (dotted === "ehrKind") {
    return KIND_NAMES[value as EhrKind]?.label;
  }
  const path = dotted.replace(/^settings\./, "") as Path;
  if (path in LABELS && kindOf(path) === "switch") {
    return value === "true" ? "value.on" : "value.off";
  }
  return CHOICES[path]?.find((choice) => choice.value === value)?.label;
}

type Tree = { readonly [name: string]: unknown };

function found(settings: Settings, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Tree)[name], settings);
}

export function valueAt(settings: Settings, path: string): string {
  const value = found(settings, path);
  return value === null || value === undefined ? "" : String(value);
}

/** The settings with one changed. What may be absent is, when its field is empty. */
export function changedAt(settings: Settings, field: SettingField, text: string): Settings {
  const value = typed(field, text);
  const set = (tree: Tree, [name = "", ...rest]: string[]): Tree => ({
    ...tree,
    [name]: rest.length === 0 ? value : set(tree[name] as Tree, rest),
  });
  return set(settings as unknown as Tree, field.path.split(".")) as unknown as Settings;
}

function typed({ kind }: SettingField, text: string): string | number | boolean | null {
  switch (kind) {
    case "switch":
      return text === "true";
    case "number":
      return Number.parseInt(text, 10) || 1;
    case "text":
      return text;
    default:
      return text === "" ? null : text;
  }
}
