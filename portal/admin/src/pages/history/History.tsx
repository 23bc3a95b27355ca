/** Who changed and approved what, and when. */
import { useParams } from "react-router";
import type { Schemas } from "../../api/client.ts";
import { useConnection, useHistory } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";
import { ConnectionHead } from "../../parts/ConnectionHead.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

type Entry = Schemas["HistoryOut"];

const ACTIONS: Readonly<Record<string, MessageKey>> = {
  submitted: "action.submitted",
  edited: "action.edited",
  "sent back": "action.sentBack",
  approved: "action.approved",
  suspended: "action.suspended",
  resumed: "action.resumed",
  deleted: "action.deleted",
  replayed: "action.replayed",
  "signing secret read": "action.readKey",
  exported: "action.exported",
};

export default function History() {
  const { t } = useWords();
  const { id = "" } = useParams();
  const connection = useConnection(id);
  const asked = useHistory(id);
  return (
    <Page
      title={t("history.title")}
      lead={t("history.lead")}
      above={connection.data && <ConnectionHead connection={connection.data} />}
    >
      <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Working />}
      {asked.data && <Entries entries={asked.data} />}
    </Page>
  );
}

interface EntriesProps {
  readonly entries: readonly Entry[];
}

function Entries({ entries }: EntriesProps) {
  const { t, dateTime } = useWords();
  const { me } = useTenant();
  const who = ({ actor, actorName }: Entry): string =>
    actor === me.objectId ? t("history.you") : (actorName ?? actor);
  const columns: Column<Entry>[] = [
    { key: "at", title: t("history.when"), isHeader: true, cell: ({ at }) => dateTime(at) },
    {
      key: "who",
      title: t("history.who"),
      cell: (entry) => <span className="breakable">{who(entry)}</span>,
    },
    {
      key: "what",
      title: t("history.what"),
      cell: ({ action }) => {
        const key = ACTIONS[action];
        return key ? t(key) : action;
      },
    },
    {
      key: "revision",
      title: t("field.fingerprint"),
      cell: ({ oldFingerprint, newFingerprint }) => (
        <code>{fingerprints(oldFingerprint, newFingerprint)}</code>
      ),
    },
    { key: "reason", title: t("history.reason"), cell: ({ reason }) => reason || t("empty") },
  ];
  return (
    <DataTable
      caption={t("history.title")}
      columns={columns}
      rows={entries}
      rowKey={({ at, action }) => `${at} ${action}`}
    />
  );
}

const SHORT = 8;

function fingerprints(old: string, now: string): string {
  const parts = [old, now].filter(Boolean).map((one) => one.slice(0, SHORT));
  return [...new Set(parts)].join(" → ");
}
