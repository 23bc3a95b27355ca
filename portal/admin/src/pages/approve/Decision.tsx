/** The approver's two ways: sign in at the EHR and approve, or send back with a reason. */
import { Button, Field, Textarea } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "react-router";
import { body } from "../../api/client.ts";
import { ApiProblem } from "../../api/problem.ts";
import { type Connection, useConnectionChange } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

export function Decision({ connection }: { connection: Connection }) {
  const { t } = useWords();
  const [query] = useSearchParams();
  const [isSendingBack, setSendingBack] = useState(false);
  const { id, fingerprint } = connection;
  const approval = useConnectionChange((api, _: undefined) =>
    body(api.POST("/api/connections/{id}/approve", { params: { path: { id } }, body: { fingerprint } })),
  );
  const mustSignInAgain =
    approval.error instanceof ApiProblem && approval.error.code === "ehr_sign_in_missing";
  const isSignedIn = query.get("ehr") === "done" && !mustSignInAgain;
  return (
    <section className="card stack" aria-labelledby="decision">
      <h2 id="decision">{t("decision.title")}</h2>
      {isSignedIn ? (
        <Notice tone="good" title={t("decision.signedIn")}>
          <p>{t("decision.signedInNext")}</p>
        </Notice>
      ) : (
        <p>{t("decision.signInWhy")}</p>
      )}
      <ProblemNotice error={approval.error} />
      <div className="row">
        {isSignedIn ? (
          <Button
            appearance="primary"
            disabledFocusable={approval.isPending}
            onClick={() => approval.mutate(undefined)}
          >
            {t("decision.approve")}
          </Button>
        ) : (
          <EhrSignIn id={id} />
        )}
        {!isSendingBack && connection.state === "needs approval" && (
          <Button onClick={() => setSendingBack(true)}>{t("decision.sendBack")}</Button>
        )}
      </div>
      {isSendingBack && <SendBack connection={connection} cancel={() => setSendingBack(false)} />}
    </section>
  );
}

function EhrSignIn({ id }: { id: string }) {
  const { t } = useWords();
  const { api } = useTenant();
  const start = useMutation({
    mutationFn: () => body(api.POST("/api/connections/{id}/ehr-sign-in", { params: { path: { id } } })),
    onSuccess: ({ authorizeUrl }) => window.location.assign(authorizeUrl),
  });
  return (
    <>
      <Button
        appearance="primary"
        disabledFocusable={start.isPending || start.isSuccess}
        onClick={() => start.mutate()}
      >
        {t("decision.signIn")}
      </Button>
      <ProblemNotice error={start.error} />
    </>
  );
}

const LONGEST = 500;

function SendBack({ connection, cancel }: { connection: Connection; cancel: () => void }) {
  const { t } = useWords();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const { id, fingerprint } = connection;
  const refusal = useConnectionChange((api, said: string) =>
    body(
      api.POST("/api/connections/{id}/send-back", {
        params: { path: { id } },
        body: { fingerprint, reason: said },
      }),
    ),
  );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setMissing(reason.trim() === "");
    if (reason.trim() !== "" && !refusal.isPending) {
      refusal.mutate(reason.trim());
    }
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <Field
        label={t("decision.reason")}
        required
        hint={t("decision.reasonHint")}
        validationState={missing ? "error" : "none"}
        validationMessage={missing ? t("field.missing") : null}
      >
        <Textarea
          autoFocus
          maxLength={LONGEST}
          rows={3}
          value={reason}
          onChange={(_event, { value }) => setReason(value)}
        />
      </Field>
      <ProblemNotice error={refusal.error} />
      <div className="row">
        <Button type="submit" appearance="primary" disabledFocusable={refusal.isPending}>
          {t("decision.sendBackDo")}
        </Button>
        <Button onClick={cancel}>{t("cancel")}</Button>
      </div>
    </form>
  );
}
