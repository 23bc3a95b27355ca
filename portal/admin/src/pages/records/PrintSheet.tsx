/** All records on paper, with fingerprint and date; only printers see it. */
import { useWords } from "../../messages/LanguageProvider.tsx";
import { fieldsOf, type Integration, type Sheet } from "./formats.ts";
import { kindOf } from "./kinds.ts";

export function PrintSheet({ records, sheet }: { records: readonly Integration[]; sheet: Sheet }) {
  const { t, day } = useWords();
  return (
    <section className="print-only" aria-hidden="true">
      <h2>{t("records.sheet")}</h2>
      <dl className="facts">
        <div>
          <dt>{t("field.url")}</dt>
          <dd className="url">{sheet.fhirBaseUrl}</dd>
        </div>
        <div>
          <dt>{t("field.environment")}</dt>
          <dd>{sheet.environment === "test" ? t("environment.test") : t("environment.production")}</dd>
        </div>
        <div>
          <dt>{t("records.jwks")}</dt>
          <dd className="url">{sheet.jwksUrl}</dd>
        </div>
        <div>
          <dt>{t("field.fingerprint")}</dt>
          <dd>
            <code>{sheet.fingerprint}</code>
          </dd>
        </div>
        <div>
          <dt>{t("records.date")}</dt>
          <dd>{day(sheet.made)}</dd>
        </div>
      </dl>
      {records.map((record) => (
        <div key={record.kind} className="print-record">
          <h3>{t(kindOf(record.kind).title)}</h3>
          <dl className="facts">
            {fieldsOf(record).map(({ name, label }) => (
              <div key={name}>
                <dt>{label}</dt>
                <dd>
                  <code>{record[name]}</code>
                </dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}
