/** Writebacks on their way to the EHR: by state, with the EHR's own answer; what was given up can be sent again. */
import { Button, Field, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { body, type Schemas } from "../../api/client.ts";
import { useConnections } from "../../api/queries.ts";
import { queried } from "../../api/query.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { Kinds } from "./Kinds.tsx";
import { EDGES, ROLES, SOURCES, STATUSES, WritebackStatus } from "./words.tsx";

type Writeback = Schemas["WritebackOut"];
const FOLLOW_MS = 3000;

export default function Outbox() {
  const { t } = useWords();
  const { api, me } = useTenant();
  const [{ status, after }, setWanted] = useState({ status: "", after: "" });
  const asked = useQuery({
    queryKey: ["writebacks", status, after],
    queryFn: () => body(api.GET("/api/writebacks", { params: queried({ status, after }) })),
    refetchInterval: FOLLOW_MS,
  });
  const next = asked.data?.next;
  return (
    <Page title={t("outbox.title")} lead={t("outbox.lead")}>
      <div className="stack wide">
        <Field label={t("outbox.filter")} className="narrow">
          <Select value={status} onChange={(_event, { value }) => setWanted({ status: value, after: "" })}>
            <option value="">{t("outbox.everything")}</option>
            {Object.entries(STATUSES).map(([code, { key }]) => (
              <option key={code} value={code}>
                {t(key)}
              </option>
            ))}
          </Select>
        </Field>
        {!me.isAdmin && (
          <Notice tone="info" title={t("outbox.readOnly")} announced={false}>
            <p>{t("outbox.readOnlyWhy")}</p>
          </Notice>
        )}
        <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
        {asked.isPending && <Working />}
        {(next || after) && (
          <div className="row">
            {after && <Button onClick={() => setWanted({ status, after: "" })}>{t("outbox.first")}</Button>}
            {next && <Button onClick={() => setWanted({ status, after: next })}>{t("outbox.more")}</Button>}
          </div>
        )}
        {asked.data && <Found writebacks={asked.data.writebacks} />}
      </div>
    </Page>
  );
}

function Found({ writebacks }: { writebacks: readonly Writeback[] }) {
  const { t, dateTime } = useWords();
  const { api, me } = useTenant();
  const client = useQueryClient();
  const connections = useConnections();
  const replay = useMutation({
    mutationFn: (id: string) => api.POST("/api/writebacks/{id}/replay", { params: { path: { id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["writebacks"] }),
  });
  const urlOf = (id: string): string =>
    connections.data?.find((connection) => connection.id === id)?.fhirBaseUrl ?? id;
  const edge = (state: string) => {
    const key = EDGES[state];
    return key ? t(key) : state;
  };
  const columns: Column<Writeback>[] = [
    { key: "at", title: t("outbox.at"), isHeader: true, cell: ({ at }) => dateTime(at) },
    {
      key: "visit",
      title: t("outbox.visit"),
      cell: ({ visit, participant }) => (
        <>
          <code title={visit}>{visit.slice(0, 8)}</code> · {role(participant)}
        </>
      ),
    },
    {
      key: "state",
      title: t("outbox.said"),
      cell: ({ state, source }) => (
        <>
          {edge(state)}
          {SOURCES[source] && (
            <>
              <br />
              <span className="quiet small">{t(SOURCES[source])}</span>
            </>
          )}
        </>
      ),
    },
    { key: "status", title: t("field.state"), cell: ({ status }) => <WritebackStatus status={status} /> },
    {
      key: "answer",
      title: t("outbox.answer"),
      cell: ({ reason, attempts }) => (
        <>
          <span className="breakable">{reason || t("empty")}</span>
          <br />
          <span className="quiet small">{t("outbox.attempts", { count: attempts })}</span>
        </>
      ),
    },
    {
      key: "next",
      title: t("outbox.next"),
      cell: ({ nextTry }) => (nextTry ? dateTime(nextTry) : t("empty")),
    },
    {
      key: "connection",
      title: t("outbox.connection"),
      cell: ({ connection }) => <span className="url small">{urlOf(connection)}</span>,
    },
  ];
  const role = (participant: string): string => {
    const key = ROLES[participant.split(/[:-]/)[0] ?? ""];
    return key ? t(key) : t("outbox.someone");
  };
  const action: Column<Writeback> = {
    key: "actions",
    title: t("field.actions"),
    cell: ({ id, status }) =>
      status === "given up" ? (
        <Button size="small" disabledFocusable={replay.isPending} onClick={() => replay.mutate(id)}>
          {t("outbox.replay")}
        </Button>
      ) : (
        t("empty")
      ),
  };
  if (writebacks.length === 0) {
    return <p>{t("outbox.none")}</p>;
  }
  return (
    <>
      {me.isAdmin && <Kinds writebacks={writebacks} urlOf={urlOf} />}
      <ProblemNotice error={replay.error} />
      <DataTable
        caption={t("outbox.title")}
        columns={me.isAdmin ? [...columns, action] : columns}
        rows={writebacks}
        rowKey={({ id }) => id}
      />
    </>
  );
}
