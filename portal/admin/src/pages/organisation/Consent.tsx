/** Which permissions the organisation has granted; an administrator goes to Microsoft to grant them. */
import { Button } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { body, type Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

type Permission = Schemas["PermissionOut"];

const PURPOSES: Readonly<Record<string, MessageKey>> = {
  "OnlineMeetings.ReadWrite.All": "consent.forMeetings",
  "OnlineMeetingArtifact.Read.All": "consent.forReports",
  "User.ReadBasic.All": "consent.forUsers",
  "CallRecords.Read.All": "consent.forRecords",
};

export function Consent() {
  const { t } = useWords();
  const { api, me } = useTenant();
  const asked = useQuery({ queryKey: ["consent"], queryFn: () => body(api.GET("/api/consent")) });
  return (
    <section className="stack">
      <h2>{t("consent.title")}</h2>
      <Outcome />
      <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Working />}
      {asked.data && (
        <>
          {asked.data.complete ? (
            <Notice tone="good" title={t("consent.complete")} announced={false} />
          ) : (
            <Notice tone="caution" title={t("consent.incomplete")} announced={false}>
              <p>{t("consent.incompleteWhy")}</p>
            </Notice>
          )}
          <Permissions permissions={asked.data.permissions} />
          <p className="quiet">{t("consent.policy")}</p>
          <div className="row">
            {me.isAdmin && <Grant isMain={!asked.data.complete} />}
            <Button onClick={() => void asked.refetch()}>{t("consent.again")}</Button>
          </div>
        </>
      )}
    </section>
  );
}

/** What came of the way to Microsoft: the connector has looked, whatever the redirect said. */
function Outcome() {
  const { t } = useWords();
  const [query] = useSearchParams();
  switch (query.get("consent")) {
    case "given":
      return <Notice tone="good" title={t("consent.given")} />;
    case "missing":
      return (
        <Notice tone="caution" title={t("consent.missing")}>
          <p>{t("consent.missingWhy")}</p>
        </Notice>
      );
    case "refused":
      return <Notice tone="caution" title={t("consent.refused")} />;
    default:
      return null;
  }
}

function Permissions({ permissions }: { permissions: readonly Permission[] }) {
  const { t } = useWords();
  const state = ({ granted, needed }: Permission): string =>
    granted ? t("consent.granted") : needed ? t("consent.notGranted") : t("consent.optional");
  const columns: Column<Permission>[] = [
    {
      key: "name",
      title: t("consent.permission"),
      isHeader: true,
      cell: ({ name }) => <code className="breakable">{name}</code>,
    },
    {
      key: "why",
      title: t("consent.why"),
      cell: ({ name }) => {
        const key = PURPOSES[name];
        return key ? t(key) : t("empty");
      },
    },
    { key: "state", title: t("consent.state"), cell: state },
  ];
  return (
    <DataTable
      caption={t("consent.title")}
      columns={columns}
      rows={permissions}
      rowKey={({ name }) => name}
    />
  );
}

function Grant({ isMain }: { isMain: boolean }) {
  const { t } = useWords();
  const { api } = useTenant();
  const start = useMutation({
    mutationFn: () => body(api.POST("/api/consent")),
    onSuccess: ({ consentUrl }) => window.location.assign(consentUrl),
  });
  return (
    <>
      <Button
        appearance={isMain ? "primary" : "secondary"}
        disabledFocusable={start.isPending || start.isSuccess}
        onClick={() => start.mutate()}
      >
        {t("consent.do")}
      </Button>
      <ProblemNotice error={start.error} />
    </>
  );
}
