/** All connections of the tenant: add, edit in place, and the way to everything about one. */
import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useRef, useState } from "react";
import { body } from "../../api/client.ts";
import { useConnectionChange, useConnections } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { Invitation } from "../approve/Invitation.tsx";
import { BLANK, ConnectionForm, type Entered } from "./ConnectionForm.tsx";
import { Grid } from "./Grid.tsx";
import { NextStep } from "./NextStep.tsx";

export default function Connections() {
  const { t } = useWords();
  const { me } = useTenant();
  const listed = useConnections();
  const [blank, setBlank] = useState<Entered>();
  const [submittedId, setSubmittedId] = useState("");
  const addButton = useRef<HTMLElement>(null);
  const addition = useConnectionChange((api, entered: Entered) =>
    body(api.POST("/api/connections", { body: entered })),
  );
  const open = (environment: Entered["environment"]): void => {
    addition.reset();
    setSubmittedId("");
    setBlank({ ...BLANK, environment });
  };
  const close = (): void => {
    setBlank(undefined);
    addButton.current?.focus();
  };
  const submit = (entered: Entered): void =>
    addition.mutate(entered, {
      onSuccess: (connection) => {
        setSubmittedId(connection.id);
        close();
      },
    });

  const connections = listed.data ?? [];
  const submitted = connections.find(({ id, state }) => id === submittedId && state === "needs approval");
  const isTested = connections.some(
    ({ environment, state }) => environment === "test" && state === "approved",
  );
  return (
    <Page
      title={t("connections.title")}
      lead={t("connections.lead")}
      actions={
        me.isAdmin && (
          <Button
            ref={(element: HTMLElement | null) => {
              addButton.current = element;
            }}
            appearance="primary"
            icon={<AddRegular />}
            onClick={() => open("test")}
          >
            {t("connections.add")}
          </Button>
        )
      }
    >
      <div className="stack">
        {!me.isAdmin && (
          <Notice tone="info" title={t("connections.readOnly")} announced={false}>
            <p>{me.isAuditor ? t("connections.readOnlyAuditor") : t("connections.readOnlyApprover")}</p>
          </Notice>
        )}
        {submitted && (
          <>
            <Notice tone="good" title={t("connections.submitted")}>
              <p>{t("connections.submittedNext")}</p>
            </Notice>
            <Invitation connection={submitted} />
          </>
        )}
        {blank && (
          <ConnectionForm
            title={t("connections.add")}
            start={blank}
            submitLabel={t("connections.submit")}
            isTested={isTested}
            error={addition.error}
            isBusy={addition.isPending}
            submit={submit}
            cancel={close}
          />
        )}
        {me.isAdmin && !blank && (
          <NextStep connections={connections} isLoaded={listed.isSuccess} add={open} />
        )}
        <ProblemNotice error={listed.error} again={() => void listed.refetch()} />
        {listed.isPending && <Working />}
        {connections.length > 0 && <Grid connections={connections} isTested={isTested} />}
        {listed.isSuccess && connections.length === 0 && !me.isAdmin && <p>{t("connections.noneForYou")}</p>}
      </div>
    </Page>
  );
}
