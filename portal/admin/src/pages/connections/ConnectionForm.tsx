/** A connection's fields: two to type, one to choose; everything else folded away. For adding and for editing. */
import { Button, Field, Input, Radio, RadioGroup, Select } from "@fluentui/react-components";
import { type FormEvent, useId, useState } from "react";
import type { Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Doctor } from "./Doctor.tsx";
import { SettingsFields } from "./SettingsFields.tsx";
import { KIND_NAMES, type Settings, STANDARD } from "./settings.ts";
import { useDoctor } from "./useDoctor.ts";

export type Entered = Pick<
  Schemas["ConnectionIn"],
  "fhirBaseUrl" | "environment" | "approver" | "ehrKind" | "settings"
>;

export const BLANK: Entered = {
  fhirBaseUrl: "",
  environment: "test",
  approver: "",
  ehrKind: "epic",
  settings: STANDARD,
};

interface ConnectionFormProps {
  readonly title: string;
  readonly start: Entered;
  readonly submitLabel: string;
  /** Whether a test connection of the tenant is approved: what production should wait for. */
  readonly isTested: boolean;
  readonly error: Error | null;
  readonly isBusy: boolean;
  readonly submit: (entered: Entered) => void;
  readonly cancel: () => void;
}

export function ConnectionForm(props: ConnectionFormProps) {
  const { t } = useWords();
  const id = useId();
  const [entered, setEntered] = useState(props.start);
  const [missing, setMissing] = useState(false);
  const doctor = useDoctor(entered.fhirBaseUrl, entered.environment);
  const set = (part: Partial<Entered>): void => setEntered((before) => ({ ...before, ...part }));
  const emptyUrl = missing && entered.fhirBaseUrl.trim() === "";
  const emptyApprover = missing && entered.approver.trim() === "";

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const isWhole = entered.fhirBaseUrl.trim() !== "" && entered.approver.trim() !== "";
    setMissing(!isWhole);
    if (isWhole && !props.isBusy) {
      props.submit(entered);
    }
  };
  return (
    <form className="card stack" aria-labelledby={id} onSubmit={submit} noValidate>
      <h2 id={id}>{props.title}</h2>
      <Field
        label={t("field.url")}
        required
        hint={t("field.urlHint")}
        validationState={emptyUrl ? "error" : "none"}
        validationMessage={emptyUrl ? t("field.missing") : null}
      >
        <Input
          autoFocus
          className="url"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          value={entered.fhirBaseUrl}
          onChange={(_event, { value }) => set({ fhirBaseUrl: value })}
        />
      </Field>
      <Doctor typed={entered.fhirBaseUrl} {...doctor} repair={(url) => set({ fhirBaseUrl: url })} />
      <Field label={t("field.environment")} required>
        <RadioGroup
          layout="horizontal"
          value={entered.environment}
          onChange={(_event, { value }) =>
            set({ environment: value === "production" ? "production" : "test" })
          }
        >
          <Radio value="test" label={t("environment.test")} />
          <Radio value="production" label={t("environment.production")} />
        </RadioGroup>
      </Field>
      {entered.environment === "production" && !props.isTested && (
        <Notice tone="caution" title={t("connections.testFirst")}>
          <p>{t("connections.testFirstWhy")}</p>
        </Notice>
      )}
      <Field
        label={t("field.approver")}
        required
        hint={t("field.approverHint")}
        validationState={emptyApprover ? "error" : "none"}
        validationMessage={emptyApprover ? t("field.missing") : null}
      >
        <Input
          autoComplete="off"
          spellCheck={false}
          value={entered.approver}
          onChange={(_event, { value }) => set({ approver: value })}
        />
      </Field>
      <Field label={t("field.ehrKind")} hint={t(KIND_NAMES[entered.ehrKind].hint)}>
        <Select
          value={entered.ehrKind}
          onChange={(_event, { value }) => set({ ehrKind: value as Entered["ehrKind"] })}
        >
          {Object.entries(KIND_NAMES).map(([kind, { label }]) => (
            <option key={kind} value={kind}>
              {t(label)}
            </option>
          ))}
        </Select>
      </Field>
      <SettingsFields
        kind={entered.ehrKind}
        settings={entered.settings}
        change={(settings: Settings) => set({ settings })}
      />
      <ProblemNotice error={props.error} />
      <div className="row">
        <Button type="submit" appearance="primary" disabledFocusable={props.isBusy}>
          {props.submitLabel}
        </Button>
        <Button onClick={props.cancel}>{t("cancel")}</Button>
      </div>
    </form>
  );
}
