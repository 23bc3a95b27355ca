/** The two languages, how one is chosen, and how a sentence gets its values. */
import en from "./en.json";
import zh from "./zh-CN.json";

export type MessageKey = keyof typeof en;
export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: MessageKey, values?: Values) => string;

export const LANGUAGES = {
  en: { name: "English", direction: "ltr" },
  "zh-CN": { name: "简体中文", direction: "ltr" },
} as const satisfies Record<string, { name: string; direction: "ltr" | "rtl" }>;
export type Language = keyof typeof LANGUAGES;

const CATALOGUE: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, "zh-CN": zh };

export function isLanguage(value: unknown): value is Language {
  return typeof value === "string" && value in LANGUAGES;
}

/** What was chosen before in this tab, else the browser's first language that we have, else English. */
export function chosenLanguage(remembered: string | null, wishes: readonly string[]): Language {
  if (isLanguage(remembered)) {
    return remembered;
  }
  for (const wish of wishes) {
    const base = wish.toLowerCase().split("-")[0];
    if (base === "zh") {
      return "zh-CN";
    }
    if (base === "en") {
      return "en";
    }
  }
  return "en";
}

/** The sentence of a key with `{name}` replaced; a value that is not given stays visible as its name. */
export function translate(language: Language, key: MessageKey, values: Values = {}): string {
  return CATALOGUE[language][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
