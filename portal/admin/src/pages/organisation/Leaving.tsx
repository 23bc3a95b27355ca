/** Leaving: what is deleted, the organisation's id to be typed, and the receipt. */
import { Button, Field, Input } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { body, type Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { download } from "../../parts/download.ts";
import { Modal } from "../../parts/Modal.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

type Departure = Schemas["DepartureOut"];
const FOLLOW_MS = 30_000;

export function Leaving() {
  const { t } = useWords();
  const { api } = useTenant();
  const [asking, setAsking] = useState(false);
  const asked = useQuery({
    queryKey: ["departure"],
    queryFn: () => body(api.GET("/api/tenant/departure")),
    refetchInterval: ({ state }) => (state.data?.state === "leaving" ? FOLLOW_MS : false),
  });
  const departure = asked.data;
  return (
    <section className="stack">
      <h2>{t("leaving.title")}</h2>
      {departure?.began && <Receipt departure={departure} began={departure.began} />}
      <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
      {departure && departure.state !== "leaving" && (
        <>
          <p>{t("leaving.lead")}</p>
          <div className="row">
            <Button onClick={() => setAsking(true)}>{t("leaving.do")}</Button>
          </div>
        </>
      )}
      {asking && <Question close={() => setAsking(false)} />}
    </section>
  );
}

function Receipt({ departure, began }: { departure: Departure; began: string }) {
  const { t, dateTime } = useWords();
  const columns: Column<[string, number]>[] = [
    { key: "kind", title: t("leaving.kind"), isHeader: true, cell: ([kind]) => <code>{kind}</code> },
    { key: "count", title: t("leaving.count"), isNumber: true, cell: ([, count]) => count },
  ];
  const save = (): void =>
    download("receipt.json", "application/json", `${JSON.stringify(departure, null, 2)}\n`);
  return (
    <>
      {departure.ended ? (
        <Notice tone="good" title={t("leaving.gone")} announced={false}>
          <p>{t("leaving.goneWhy", { began: dateTime(began), ended: dateTime(departure.ended) })}</p>
        </Notice>
      ) : (
        <Notice tone="caution" title={t("leaving.under")} announced={false}>
          <p>{t("leaving.underWhy", { began: dateTime(began) })}</p>
        </Notice>
      )}
      <DataTable
        caption={t("leaving.count")}
        columns={columns}
        rows={Object.entries(departure.deleted)}
        rowKey={([kind]) => kind}
      />
      {departure.ended && (
        <div className="row">
          <Button icon={<ArrowDownloadRegular />} onClick={save}>
            {t("leaving.receipt")}
          </Button>
        </div>
      )}
    </>
  );
}

function Question({ close }: { close: () => void }) {
  const { t } = useWords();
  const { api, me } = useTenant();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const leave = useMutation({
    mutationFn: () => body(api.POST("/api/tenant/departure", { body: { tenant: me.tenant } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["departure"] });
      close();
    },
  });
  const isNamed = typed.trim().toLowerCase() === me.tenant;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isNamed && !leave.isPending) {
      leave.mutate();
    }
  };
  return (
    <Modal title={t("leaving.do")} close={close}>
      <form className="stack" onSubmit={submit}>
        <p>{t("leaving.lead")}</p>
        <Field
          label={
            <>
              {t("leaving.type")} <code>{me.tenant}</code>
            </>
          }
        >
          <Input
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(_event, { value }) => setTyped(value)}
          />
        </Field>
        <ProblemNotice error={leave.error} />
        <div className="row">
          <Button type="submit" appearance="primary" disabledFocusable={!isNamed || leave.isPending}>
            {t("leaving.do")}
          </Button>
          <Button onClick={close}>{t("cancel")}</Button>
        </div>
      </form>
    </Modal>
  );
}
