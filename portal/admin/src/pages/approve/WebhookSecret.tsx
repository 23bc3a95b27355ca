/** The secret with which a webhook's events are signed: shown to administrators, when they ask. */
import { Button } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { body } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { CopyButton } from "../../parts/CopyButton.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

export function WebhookSecret({ id }: { id: string }) {
  const { t } = useWords();
  const { api } = useTenant();
  const asked = useMutation({
    mutationFn: () => body(api.GET("/api/connections/{id}/webhook-secret", { params: { path: { id } } })),
  });
  return (
    <section className="card stack" aria-labelledby="webhook-secret">
      <h2 id="webhook-secret">{t("webhook.title")}</h2>
      <p>{t("webhook.lead")}</p>
      <ProblemNotice error={asked.error} />
      {asked.data ? (
        <>
          <p className="row">
            <code className="breakable">{asked.data.secret}</code>
            <CopyButton text={asked.data.secret} what={t("webhook.title")} />
          </p>
          <p className="quiet small">{t("webhook.version", { version: asked.data.version })}</p>
        </>
      ) : (
        <div>
          <Button disabledFocusable={asked.isPending} onClick={() => asked.mutate()}>
            {t("webhook.show")}
          </Button>
        </div>
      )}
    </section>
  );
}
