/** The settings of a connection as fields of a form: which there are, what each is called, how to change one. */
import type { Schemas } from "../../api/client.ts";
import standard from "../../api/default-settings.json";
import type { MessageKey } from "../../messages/language.ts";

export type Settings = Schemas["ConnectionSettings"];
export const STANDARD = standard as Settings;

type Kind = "text" | "nullable" | "landing" | "method" | "logo" | "switch";
type Flat = Readonly<Record<string, MessageKey>>;

export interface SettingField {
  readonly path: string;
  readonly label: MessageKey;
  readonly kind: Kind;
}

export interface SettingGroup {
  readonly title: MessageKey;
  readonly hint: MessageKey;
  readonly fields: readonly SettingField[];
}

const LABELS = {
  "branding.name": "setting.branding.name",
  "branding.sentence": "setting.branding.sentence",
  "branding.clinicNumber": "setting.branding.number",
  "branding.logo": "setting.branding.logo",
  providerLanding: "setting.landing",
  meetingSubject: "setting.subject",
  organizerObjectId: "setting.organizer",
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
} as const satisfies Flat;
type Path = keyof typeof LABELS;

const KINDS: Partial<Record<Path, Kind>> = {
  "branding.logo": "logo",
  providerLanding: "landing",
  organizerObjectId: "nullable",
  "reconcile.attendanceReports": "switch",
  "reconcile.callRecords": "switch",
  "statusCall.method": "method",
  "statusCall.baseUrl": "nullable",
  "statusCall.codeWaiting": "nullable",
};

function fieldsBelow(...beginnings: readonly string[]): SettingField[] {
  return (Object.keys(LABELS) as Path[])
    .filter((path) => beginnings.some((beginning) => path.startsWith(beginning)))
    .map((path) => ({ path, label: LABELS[path], kind: KINDS[path] ?? "text" }));
}

export const GROUPS: readonly SettingGroup[] = [
  { title: "settings.branding", hint: "settings.brandingHint", fields: fieldsBelow("branding.") },
  {
    title: "settings.visits",
    hint: "settings.visitsHint",
    fields: fieldsBelow("providerLanding", "meetingSubject", "organizerObjectId"),
  },
  {
    title: "settings.reconcile",
    hint: "settings.reconcileHint",
    fields: fieldsBelow("reconcile."),
  },
  { title: "settings.record", hint: "settings.recordHint", fields: fieldsBelow("mnemonics.", "context.") },
  { title: "settings.status", hint: "settings.statusHint", fields: fieldsBelow("statusCall.") },
];

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

type Tree = { readonly [name: string]: unknown };

export function valueAt(settings: Settings, path: string): string {
  const found = path.split(".").reduce<unknown>((value, name) => (value as Tree)[name], settings);
  return typeof found === "boolean" ? String(found) : typeof found === "string" ? found : "";
}

/** The settings with one changed. What may be absent is, when its field is empty. */
export function changedAt(settings: Settings, { path, kind }: SettingField, text: string): Settings {
  const empty = text === "" && (kind === "nullable" || kind === "logo") ? null : text;
  const value = kind === "switch" ? text === "true" : empty;
  const set = (tree: Tree, [name = "", ...rest]: string[]): Tree => ({
    ...tree,
    [name]: rest.length === 0 ? value : set(tree[name] as Tree, rest),
  });
  return set(settings as unknown as Tree, path.split(".")) as unknown as Settings;
}
