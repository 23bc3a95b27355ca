/** One connection before its approver: what exactly is approved, the EHR sign-in, the decision. */
import { useParams } from "react-router";
import { type Connection, useConnection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { ConnectionHead } from "../../parts/ConnectionHead.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { TextLink } from "../../parts/TextLink.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { Content } from "./Content.tsx";
import { Decision } from "./Decision.tsx";
import { Invitation } from "./Invitation.tsx";
import { WebhookSecret } from "./WebhookSecret.tsx";

export default function Approve() {
  const { t } = useWords();
  const { me } = useTenant();
  const { id = "" } = useParams();
  const asked = useConnection(id);
  const connection = asked.data;
  return (
    <Page
      title={t("approve.title")}
      lead={t("approve.lead")}
      above={connection && <ConnectionHead connection={connection} />}
    >
      <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Working />}
      {connection && (
        <div className="stack wide">
          <Content connection={connection} />
          <Outcome connection={connection} />
          {me.isAdmin && connection.ehrKind === "webhook" && (
            <WebhookSecret key={connection.fingerprint} id={connection.id} />
          )}
        </div>
      )}
    </Page>
  );
}

function Outcome({ connection }: { connection: Connection }) {
  const { t } = useWords();
  const { me } = useTenant();
  const isApprover = connection.approver === me.objectId;
  if (connection.state === "approved") {
    return (
      <Notice
        tone="good"
        title={t("approve.isApproved")}
        actions={<TextLink to={`/records/${connection.id}`}>{t("approve.toRecords")}</TextLink>}
      >
        <p>{t("approve.isApprovedNext")}</p>
      </Notice>
    );
  }
  return (
    <>
      {connection.state === "sent back" && (
        <Notice tone="caution" title={t("approve.wasSentBack")}>
          <p>{t("connections.reason", { reason: connection.reason })}</p>
          <p>{me.isAdmin ? t("approve.sentBackAdmin") : t("approve.sentBackApprover")}</p>
        </Notice>
      )}
      {isApprover ? (
        <Decision connection={connection} key={connection.fingerprint} />
      ) : (
        <Notice tone="info" title={t("approve.readOnly")} announced={false}>
          <p>{t("approve.readOnlyWhy", { approver: connection.approverName ?? connection.approver })}</p>
        </Notice>
      )}
      {me.isAdmin && !isApprover && connection.state === "needs approval" && (
        <Invitation connection={connection} />
      )}
    </>
  );
}
