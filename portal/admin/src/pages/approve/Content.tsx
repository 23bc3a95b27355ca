/** What exactly is approved: the revision, and how it differs from the last approved one. */
import type { ReactNode } from "react";
import type { Connection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { groupsFor, KIND_NAMES, labelOf, valueAt, wordOf } from "../connections/settings.ts";

type Difference = Connection["differences"][number];

export function Content({ connection }: { connection: Connection }) {
  const { t, dateTime } = useWords();
  const isFirst = connection.approvedFingerprint === null;
  return (
    <section className="card stack">
      <h2>{connection.state === "approved" ? t("approve.whatApproved") : t("approve.what")}</h2>
      <dl className="facts">
        <Fact name={t("field.url")}>
          <span className="url">{connection.fhirBaseUrl}</span>
        </Fact>
        <Fact name={t("field.environment")}>
          {connection.environment === "test" ? t("environment.test") : t("environment.production")}
        </Fact>
        <Fact name={t("field.ehrKind")}>{t(KIND_NAMES[connection.ehrKind].label)}</Fact>
        <Fact name={t("field.approver")}>{connection.approverName ?? connection.approver}</Fact>
        <Fact name={t("field.changed")}>{dateTime(connection.changed)}</Fact>
        <Fact name={t("field.fingerprint")}>
          <code>{connection.fingerprint}</code>
        </Fact>
      </dl>
      {connection.state !== "approved" && (
        <>
          <h3>{t("approve.differences")}</h3>
          {isFirst ? <p>{t("approve.first")}</p> : <Differences connection={connection} />}
        </>
      )}
      <details>
        <summary>{t("approve.allSettings")}</summary>
        <AllSettings connection={connection} />
      </details>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Differences({ connection }: { connection: Connection }) {
  const { t } = useWords();
  const said = (name: string, value: string | null): string => {
    if (value === connection.approver) {
      return connection.approverName ?? value;
    }
    const word = wordOf(name, value ?? "");
    return word ? t(word) : shown(value, t("empty"));
  };
  const columns: Column<Difference>[] = [
    {
      key: "name",
      title: t("approve.setting"),
      isHeader: true,
      cell: ({ name }) => <Named dotted={name} />,
    },
    {
      key: "approved",
      title: t("approve.before"),
      cell: ({ name, approved }) => <del>{said(name, approved)}</del>,
    },
    {
      key: "current",
      title: t("approve.now"),
      cell: ({ name, current }) => <ins>{said(name, current)}</ins>,
    },
  ];
  return (
    <DataTable
      caption={t("approve.differences")}
      columns={columns}
      rows={connection.differences}
      rowKey={({ name }) => name}
    />
  );
}

function Named({ dotted }: { dotted: string }) {
  const { t } = useWords();
  const label: MessageKey | undefined = labelOf(dotted);
  return label ? t(label) : <code>{dotted}</code>;
}

const LONGEST = 120;

function shown(value: string | null, empty: string): string {
  if (!value) {
    return empty;
  }
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}

function AllSettings({ connection }: { connection: Connection }) {
  const { t } = useWords();
  const said = (path: string): string => {
    const value = valueAt(connection.settings, path);
    const word = wordOf(path, value);
    return word ? t(word) : shown(value, t("empty"));
  };
  return (
    <dl className="facts">
      {groupsFor(connection.ehrKind)
        .flatMap(({ fields }) => fields)
        .map(({ path, label }) => (
          <Fact key={path} name={t(label)}>
            <span className="breakable">{said(path)}</span>
          </Fact>
        ))}
    </dl>
  );
}
