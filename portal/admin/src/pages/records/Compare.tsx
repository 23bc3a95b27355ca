/** Compare: what stands in the EHR is pasted, and the field that differs is named, with what to change. */
import { Button, Field, Textarea } from "@fluentui/react-components";
import { CheckmarkCircleFilled, DismissCircleFilled, WarningFilled } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { body, type Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { FIELDS } from "./formats.ts";
import { marked } from "./marked.ts";

type Compared = Schemas["ComparedField"];

interface CompareProps {
  readonly id: string;
  readonly kind: Schemas["RecordKind"];
}

export function Compare({ id, kind }: CompareProps) {
  const { t } = useWords();
  const { api } = useTenant();
  const [text, setText] = useState("");
  const comparison = useMutation({
    mutationFn: (pasted: string) =>
      body(
        api.POST("/api/connections/{id}/records/compare", {
          params: { path: { id } },
          body: { kind, text: pasted },
        }),
      ),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() !== "") {
      comparison.mutate(text);
    }
  };
  return (
    <section className="card stack no-print" aria-labelledby="compare">
      <h2 id="compare">{t("compare.title")}</h2>
      <form className="stack" onSubmit={submit}>
        <Field label={t("compare.label")} hint={t("compare.hint")}>
          <Textarea
            className="url"
            rows={5}
            spellCheck={false}
            value={text}
            onChange={(_event, { value }) => setText(value)}
          />
        </Field>
        <div>
          <Button type="submit" disabledFocusable={text.trim() === "" || comparison.isPending}>
            {t("compare.do")}
          </Button>
        </div>
      </form>
      <ProblemNotice error={comparison.error} />
      {comparison.data && <Result result={comparison.data} />}
    </section>
  );
}

function Result({ result }: { result: Schemas["CompareOut"] }) {
  const { t } = useWords();
  const isMissing = ({ findings }: Compared): boolean =>
    findings.some(({ code }) => code === "not_found_in_text");
  return (
    <>
      <Notice
        tone={result.matches ? "good" : "bad"}
        title={result.matches ? t("compare.same") : t("compare.differs")}
      />
      <ul className="findings">
        {result.fields.map((field) => (
          <One key={field.field} field={field} isMissing={isMissing(field)} />
        ))}
      </ul>
    </>
  );
}

function One({ field, isMissing }: { field: Compared; isMissing: boolean }) {
  const { t } = useWords();
  const label = FIELDS.find(({ name }) => name === field.field)?.label ?? field.field;
  const tone = field.matches ? "good" : isMissing ? "caution" : "bad";
  const Icon = field.matches ? CheckmarkCircleFilled : isMissing ? WarningFilled : DismissCircleFilled;
  const word = field.matches
    ? t("compare.fieldSame")
    : isMissing
      ? t("compare.fieldMissing")
      : t("compare.fieldDiffers");
  return (
    <li className={tone}>
      <Icon className="tone-icon" aria-hidden />
      <div className="stack tight">
        <p>
          <strong>{label}</strong> {word}
        </p>
        {field.findings.map((finding) => (
          <p key={finding.code}>
            {finding.said} <strong>{finding.change}</strong>
          </p>
        ))}
        {!field.matches && !isMissing && <BothSides field={field} />}
      </div>
    </li>
  );
}

function BothSides({ field }: { field: Compared }) {
  const { t } = useWords();
  const found = marked(field.found, field.expected);
  const expected = marked(field.expected, field.found);
  return (
    <dl className="facts sides">
      <div>
        <dt>{t("compare.found")}</dt>
        <dd>
          <code>
            {found.before}
            <del>{found.differing}</del>
            {found.after}
          </code>
        </dd>
      </div>
      <div>
        <dt>{t("compare.expected")}</dt>
        <dd>
          <code>
            {expected.before}
            <ins>{expected.differing}</ins>
            {expected.after}
          </code>
        </dd>
      </div>
    </dl>
  );
}
