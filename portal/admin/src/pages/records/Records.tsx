/** The integration records of the approved revision: copy, download, print, compare. */
import { Button } from "@fluentui/react-components";
import { ArrowDownloadRegular, PrintRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { useParams } from "react-router";
import type { Schemas } from "../../api/client.ts";
import { type Connection, useConnection, useRecords } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { ConnectionHead } from "../../parts/ConnectionHead.tsx";
import { CopyButton } from "../../parts/CopyButton.tsx";
import { download } from "../../parts/download.ts";
import { Notice } from "../../parts/Notice.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Tabs, tabId } from "../../parts/Tabs.tsx";
import { Working } from "../../parts/Working.tsx";
import { Compare } from "./Compare.tsx";
import { asBlock, asCsv, asText, fieldsOf, fileName, type Integration, type Sheet } from "./formats.ts";
import { kindOf } from "./kinds.ts";
import { PrintSheet } from "./PrintSheet.tsx";

export default function Records() {
  const { t } = useWords();
  const { id = "" } = useParams();
  const connection = useConnection(id);
  const found = useRecords(id);
  return (
    <Page
      title={t("records.title")}
      lead={t("records.lead")}
      above={connection.data && <ConnectionHead connection={connection.data} />}
    >
      <ProblemNotice error={connection.error ?? found.error} again={() => void found.refetch()} />
      {(found.isPending || connection.isPending) && <Working />}
      {connection.data && found.data && <Found connection={connection.data} found={found.data} />}
    </Page>
  );
}

function Found({ connection, found }: { connection: Connection; found: Schemas["RecordList"] }) {
  const { t } = useWords();
  const [kind, setKind] = useState<string>();
  const shown = found.records.find((one) => one.kind === kind) ?? found.records[0];
  const sheet: Sheet = {
    fhirBaseUrl: connection.fhirBaseUrl,
    environment: connection.environment,
    fingerprint: found.records[0]?.fingerprint ?? "",
    jwksUrl: found.jwksUrl,
    made: new Date().toISOString().slice(0, 10),
  };
  if (!shown) {
    return null;
  }
  const save = (ending: "txt" | "csv"): void =>
    ending === "txt"
      ? download(fileName(sheet, ending), "text/plain", asText(found.records, sheet))
      : download(fileName(sheet, ending), "text/csv", asCsv(found.records, sheet));
  return (
    <div className="stack wide">
      {connection.state !== "approved" && (
        <Notice tone="caution" title={t("records.older")} announced={false}>
          <p>{t("records.olderWhy")}</p>
        </Notice>
      )}
      <div className="row no-print">
        <CopyButton
          text={asText(found.records, sheet)}
          what={t("records.all")}
          label={t("records.copyAll")}
        />
        <Button icon={<ArrowDownloadRegular />} onClick={() => save("txt")}>
          {t("records.text")}
        </Button>
        <Button icon={<ArrowDownloadRegular />} onClick={() => save("csv")}>
          {t("csv")}
        </Button>
        <Button icon={<PrintRegular />} onClick={() => window.print()}>
          {t("records.print")}
        </Button>
      </div>
      <section className="card stack no-print">
        <Tabs
          label={t("records.title")}
          panel="record"
          tabs={found.records.map((one) => ({ value: one.kind, label: t(kindOf(one.kind).title) }))}
          selected={shown.kind}
          select={setKind}
        />
        <div role="tabpanel" id="record" aria-labelledby={tabId(shown.kind)} className="stack">
          <Fields record={shown} />
        </div>
      </section>
      <Compare key={shown.kind} id={connection.id} kind={shown.kind} />
      <PrintSheet records={found.records} sheet={sheet} />
    </div>
  );
}

function Fields({ record }: { record: Integration }) {
  const { t } = useWords();
  return (
    <>
      <p className="quiet">{t(kindOf(record.kind).hint)}</p>
      <dl className="facts copies">
        {fieldsOf(record).map(({ name, label }) => (
          <div key={name}>
            <dt>{label}</dt>
            <dd className="row">
              <code data-field={name}>{record[name]}</code>
              <CopyButton text={record[name]} what={label} appearance="subtle" />
            </dd>
          </div>
        ))}
        <div>
          <dt>{t("field.fingerprint")}</dt>
          <dd>
            <code>{record.fingerprint}</code>
          </dd>
        </div>
      </dl>
      <div>
        <CopyButton
          text={asBlock(record)}
          what={t(kindOf(record.kind).title)}
          label={t("records.copyRecord")}
          appearance="primary"
        />
      </div>
    </>
  );
}
