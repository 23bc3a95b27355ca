/** What was given up, kind by kind, each with one button to send all of it again. */
import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { body, type Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { type Kind, kindsOf, replayAll } from "./kinds.ts";

interface KindsProps {
  readonly writebacks: readonly Schemas["WritebackOut"][];
  readonly urlOf: (connection: string) => string;
}

export function Kinds({ writebacks, urlOf }: KindsProps) {
  const { t } = useWords();
  const { api } = useTenant();
  const client = useQueryClient();
  const replay = useMutation({
    mutationFn: (kind: Kind) =>
      replayAll((after) =>
        body(
          api.POST("/api/writebacks/replay", {
            body: { connection: kind.connection, reason: kind.reason, after },
          }),
        ),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["writebacks"] }),
  });
  const kinds = kindsOf(writebacks);
  return (
    <>
      {kinds.map((kind) => (
        <Notice
          key={`${kind.connection} ${kind.reason}`}
          tone="bad"
          announced={false}
          title={t("outbox.kind", { count: kind.count, reason: kind.reason || t("empty") })}
          actions={
            <Button disabledFocusable={replay.isPending} onClick={() => replay.mutate(kind)}>
              {t("outbox.replayAll", { count: kind.count })}
            </Button>
          }
        >
          <p className="url small">{urlOf(kind.connection)}</p>
        </Notice>
      ))}
      <ProblemNotice error={replay.error} />
      {replay.data && (
        <Notice tone="good" title={t("outbox.replayed", { count: replay.data.replayed })}>
          {replay.data.refused > 0 && <p>{t("outbox.refused", { count: replay.data.refused })}</p>}
        </Notice>
      )}
    </>
  );
}
