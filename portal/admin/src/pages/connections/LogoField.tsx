/** A clinic's logo: a small picture file that becomes part of the connection. */
import { Button, Field } from "@fluentui/react-components";
import { useId, useState } from "react";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { logoProblem } from "./logo.ts";

interface LogoFieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (dataUrl: string) => void;
}

export function LogoField({ label, value, change }: LogoFieldProps) {
  const { t } = useWords();
  const id = useId();
  const [problem, setProblem] = useState<ReturnType<typeof logoProblem>>(undefined);
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) {
      return;
    }
    const wrong = logoProblem(file);
    setProblem(wrong);
    if (!wrong) {
      change(await asDataUrl(file));
    }
  };
  return (
    <Field
      label={{ children: label, htmlFor: id }}
      hint={t("setting.branding.logoHint")}
      validationState={problem ? "error" : "none"}
      validationMessage={problem ? t(problem) : null}
    >
      <div className="row">
        <input
          id={id}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          onChange={(event) => void choose(event.currentTarget.files?.[0])}
        />
        {value && (
          <>
            <img className="logo-preview" src={value} alt={t("setting.branding.logoPreview")} />
            <Button size="small" onClick={() => change("")}>
              {t("remove")}
            </Button>
          </>
        )}
      </div>
    </Field>
  );
}

function asDataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(file);
  });
}
