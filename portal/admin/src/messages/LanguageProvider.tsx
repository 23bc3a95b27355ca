/** The language of the page: its words, its dates, and the attributes that tell assistive technology. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { chosenLanguage, LANGUAGES, type Language, type Translate, translate } from "./language.ts";

const REMEMBERED = "language";

interface Words {
  readonly language: Language;
  readonly direction: "ltr" | "rtl";
  readonly t: Translate;
  readonly choose: (language: Language) => void;
  readonly dateTime: (iso: string) => string;
  readonly day: (iso: string) => string;
}

const Context = createContext<Words | undefined>(undefined);

/** The language in use, for what is no component: the API asks for its sentences in it. */
export const current = { language: "en" as Language };

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() =>
    chosenLanguage(sessionStorage.getItem(REMEMBERED), navigator.languages),
  );
  current.language = language;
  const { direction } = LANGUAGES[language];

  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = direction;
  }, [language, direction]);

  const words = useMemo<Words>(() => {
    const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
    const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
    return {
      language,
      direction,
      t: (key, values) => translate(language, key, values),
      choose: (wanted) => {
        sessionStorage.setItem(REMEMBERED, wanted);
        setLanguage(wanted);
      },
      dateTime: (iso) => dateTime.format(new Date(iso)),
      day: (iso) => day.format(new Date(iso)),
    };
  }, [language, direction]);
  return <Context value={words}>{children}</Context>;
}

export function useWords(): Words {
  const words = useContext(Context);
  if (words === undefined) {
    throw new Error("there is no language around this component");
  }
  return words;
}
