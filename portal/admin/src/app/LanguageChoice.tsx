/** Every language by its own name, so that it is found by those who cannot read the present one. */
import { Button } from "@fluentui/react-components";
import { useWords } from "../messages/LanguageProvider.tsx";
import { LANGUAGES, type Language } from "../messages/language.ts";

export function LanguageChoice() {
  const { t, language, choose } = useWords();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields; these act at once
    <div className="languages" role="group" aria-label={t("language")}>
      {(Object.keys(LANGUAGES) as Language[]).map((one) => (
        <Button
          key={one}
          size="small"
          appearance={one === language ? "outline" : "subtle"}
          aria-pressed={one === language}
          lang={one}
          onClick={() => choose(one)}
        >
          {LANGUAGES[one].name}
        </Button>
      ))}
    </div>
  );
}
