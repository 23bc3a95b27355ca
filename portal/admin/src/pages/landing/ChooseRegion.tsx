/** The first time, where there are several regions: the administrator says where the tenant's data is to live. */
import { Button, Field, Radio, RadioGroup } from "@fluentui/react-components";
import { useState } from "react";
import { Mark } from "../../app/Mark.tsx";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";
import { Notice } from "../../parts/Notice.tsx";
import type { Answer } from "../../session/region.ts";

const NAMES: Readonly<Record<string, MessageKey>> = {
  amer: "region.amer",
  emea: "region.emea",
  apac: "region.apac",
};

interface ChooseRegionProps {
  readonly answers: readonly Answer[];
  readonly confirm: (geography: string) => void;
}

export function ChooseRegion({ answers, confirm }: ChooseRegionProps) {
  const { t } = useWords();
  const [geography, setGeography] = useState("");
  const isAdmin = answers.some(({ me }) => me?.isAdmin);
  const name = (code: string): string => {
    const key = NAMES[code];
    return key ? t(key) : code;
  };
  return (
    <main className="landing">
      <Mark />
      <h1>{t("region.title")}</h1>
      <p className="lead">{t("region.lead")}</p>
      {isAdmin ? (
        <>
          <Field label={t("region.label")} required>
            <RadioGroup value={geography} onChange={(_event, { value }) => setGeography(value)}>
              {answers.map(({ region }) => (
                <Radio key={region.geography} value={region.geography} label={name(region.geography)} />
              ))}
            </RadioGroup>
          </Field>
          <div>
            <Button
              appearance="primary"
              disabledFocusable={geography === ""}
              onClick={() => geography && confirm(geography)}
            >
              {t("region.confirm")}
            </Button>
          </div>
        </>
      ) : (
        <Notice tone="info" title={t("region.notYet")}>
          <p>{t("region.notYetNext")}</p>
        </Notice>
      )}
    </main>
  );
}
