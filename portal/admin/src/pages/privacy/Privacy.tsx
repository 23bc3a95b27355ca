/** Everything that is stored: what, why, where, until when. From the code's own schema. */
import { Button } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { body, type Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { download } from "../../parts/download.ts";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

type Stored = Schemas["StoredFieldOut"];

export default function Privacy() {
  const { t } = useWords();
  const { api } = useTenant();
  const asked = useQuery({
    queryKey: ["privacy"],
    queryFn: () => body(api.GET("/api/privacy")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const fields = asked.data?.fields ?? [];
  const tables = [...new Set(fields.map(({ table }) => table))];
  const columns: Column<Stored>[] = [
    {
      key: "column",
      title: t("privacy.field"),
      isHeader: true,
      cell: ({ column }) => <code>{column}</code>,
    },
    { key: "what", title: t("privacy.what"), cell: ({ what }) => what },
    { key: "why", title: t("privacy.why"), cell: ({ why }) => why },
    { key: "where", title: t("privacy.where"), cell: ({ where }) => where },
    { key: "until", title: t("privacy.until"), cell: ({ until }) => until },
    {
      key: "person",
      title: t("privacy.person"),
      cell: ({ names, encrypted }) => (
        <>
          {names ? t("privacy.yes") : t("privacy.no")}
          {encrypted && <span className="quiet small"> · {t("privacy.encrypted")}</span>}
        </>
      ),
    },
  ];
  const save = (): void =>
    download("stored-fields.json", "application/json", `${JSON.stringify(asked.data, null, 2)}\n`);
  return (
    <Page
      title={t("privacy.title")}
      lead={t("privacy.lead")}
      actions={
        asked.data && (
          <Button icon={<ArrowDownloadRegular />} onClick={save}>
            {t("privacy.json")}
          </Button>
        )
      }
    >
      <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Working />}
      <div className="stack wide">
        {tables.map((table) => (
          <section key={table} className="stack">
            <h2>{table}</h2>
            <DataTable
              caption={table}
              columns={columns}
              rows={fields.filter((field) => field.table === table)}
              rowKey={({ column, what }) => `${column} ${what}`}
            />
          </section>
        ))}
      </div>
    </Page>
  );
}
