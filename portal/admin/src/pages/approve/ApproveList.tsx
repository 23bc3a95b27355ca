/** What waits for a decision: first what waits for whoever looks, then what waits for others. */
import { type Connection, useConnections } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { EnvironmentTag } from "../../parts/EnvironmentTag.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { StateBadge } from "../../parts/StateBadge.tsx";
import { TextLink } from "../../parts/TextLink.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

export default function ApproveList() {
  const { t } = useWords();
  const { me } = useTenant();
  const listed = useConnections();
  const all = listed.data ?? [];
  const mine = all.filter(({ state, approver }) => state === "needs approval" && approver === me.objectId);
  const others = all.filter((one) => one.state !== "approved" && !mine.includes(one));
  const decided = all.filter(({ state }) => state === "approved");
  return (
    <Page title={t("approve.listTitle")} lead={t("approve.listLead")}>
      <ProblemNotice error={listed.error} again={() => void listed.refetch()} />
      {listed.isPending && <Working />}
      {listed.isSuccess && (
        <div className="stack wide">
          <Section title={t("approve.yours")} none={t("approve.yoursNone")} connections={mine} mine />
          {others.length > 0 && <Section title={t("approve.others")} connections={others} />}
          {decided.length > 0 && <Section title={t("approve.decided")} connections={decided} />}
        </div>
      )}
    </Page>
  );
}

interface SectionProps {
  readonly title: string;
  readonly none?: string;
  readonly connections: readonly Connection[];
  readonly mine?: boolean;
}

function Section({ title, none, connections, mine = false }: SectionProps) {
  const { t, dateTime } = useWords();
  const columns: Column<Connection>[] = [
    {
      key: "url",
      title: t("field.url"),
      isHeader: true,
      cell: ({ id, fhirBaseUrl }) => (
        <span className="url">
          <TextLink to={`/approve/${id}`}>{fhirBaseUrl}</TextLink>
        </span>
      ),
    },
    {
      key: "environment",
      title: t("field.environment"),
      cell: ({ environment }) => <EnvironmentTag environment={environment} />,
    },
    {
      key: "approver",
      title: t("field.approver"),
      cell: ({ approverName }) => (
        <span className="breakable">{approverName ?? t("field.approverGone")}</span>
      ),
    },
    { key: "state", title: t("field.state"), cell: ({ state }) => <StateBadge state={state} /> },
    { key: "changed", title: t("field.changed"), cell: ({ changed }) => dateTime(changed) },
    {
      key: "open",
      title: t("field.actions"),
      cell: ({ id }) => (
        <TextLink to={`/approve/${id}`}>{mine ? t("approve.decide") : t("approve.view")}</TextLink>
      ),
    },
  ];
  return (
    <section className="stack">
      <h2>{title}</h2>
      {connections.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <DataTable caption={title} columns={columns} rows={connections} rowKey={({ id }) => id} />
      )}
    </section>
  );
}
