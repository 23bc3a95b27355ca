/** The settings of a connection as fields of a form: which there are, what each is called, how to change one. */
import type { Schemas } from "../../api/client.ts";
import standard from "../../api/default-settings.json";
import type { MessageKey } from "../../messages/language.ts";

export type Settings = Schemas["ConnectionSettings"];
export const STANDARD = standard as Settings;

type Kind = "text" | "nullable" | "landing" | "method" | "logo";
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
  "branding.clinic_number": "setting.branding.number",
  "branding.logo": "setting.branding.logo",
  provider_landing: "setting.landing",
  meeting_subject: "setting.subject",
  organizer_object_id: "setting.organizer",
  "mnemonics.session_id": "setting.mnemonic.session",
  "mnemonics.group_session_id": "setting.mnemonic.groupSession",
  "mnemonics.provider_id": "setting.mnemonic.provider",
  "mnemonics.provider_id_type": "setting.mnemonic.providerType",
  "mnemonics.patient_id": "setting.mnemonic.patient",
  "mnemonics.patient_id_type": "setting.mnemonic.patientType",
  "mnemonics.department": "setting.mnemonic.department",
  "context.session_id": "setting.context.session",
  "context.user_id": "setting.context.user",
  "context.user_id_type": "setting.context.userType",
  "context.department": "setting.context.department",
  "context.visit": "setting.context.visit",
  "status_call.path": "setting.status.path",
  "status_call.method": "setting.status.method",
  "status_call.base_url": "setting.status.baseUrl",
  "status_call.scope": "setting.status.scope",
  "status_call.vendor_name": "setting.status.vendor",
  "status_call.code_waiting": "setting.status.waiting",
  "status_call.code_connected": "setting.status.connected",
  "status_call.code_disconnected": "setting.status.disconnected",
} as const satisfies Flat;
type Path = keyof typeof LABELS;

const KINDS: Partial<Record<Path, Kind>> = {
  "branding.logo": "logo",
  provider_landing: "landing",
  organizer_object_id: "nullable",
  "status_call.method": "method",
  "status_call.base_url": "nullable",
  "status_call.code_waiting": "nullable",
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
    fields: fieldsBelow("provider_landing", "meeting_subject", "organizer_object_id"),
  },
  { title: "settings.record", hint: "settings.recordHint", fields: fieldsBelow("mnemonics.", "context.") },
  { title: "settings.status", hint: "settings.statusHint", fields: fieldsBelow("status_call.") },
];

const CONTENT: Flat = {
  fhir_base_url: "field.url",
  environment: "field.environment",
  ehr_kind: "field.ehrKind",
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
  return typeof found === "string" ? found : "";
}

/** The settings with one changed. What may be absent is, when its field is empty. */
export function changedAt(settings: Settings, { path, kind }: SettingField, text: string): Settings {
  const value = text === "" && (kind === "nullable" || kind === "logo") ? null : text;
  const set = (tree: Tree, [name = "", ...rest]: string[]): Tree => ({
    ...tree,
    [name]: rest.length === 0 ? value : set(tree[name] as Tree, rest),
  });
  return set(settings as unknown as Tree, path.split(".")) as unknown as Settings;
}
