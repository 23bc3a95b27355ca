/** Test first, production after: what an administrator does next, as long as there is something. */
import { Button } from "@fluentui/react-components";
import type { Connection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";

interface NextStepProps {
  readonly connections: readonly Connection[];
  readonly isLoaded: boolean;
  readonly add: (environment: Connection["environment"]) => void;
}

export function NextStep({ connections, isLoaded, add }: NextStepProps) {
  const { t } = useWords();
  const of = (wanted: Connection["environment"]) =>
    connections.filter(({ environment }) => environment === wanted);
  if (!isLoaded) {
    return null;
  }
  if (connections.length === 0) {
    return (
      <section className="card stack">
        <h2>{t("connections.none")}</h2>
        <ol className="steps">
          <li>{t("connections.step1")}</li>
          <li>{t("connections.step2")}</li>
          <li>{t("connections.step3")}</li>
        </ol>
        <div>
          <Button appearance="primary" onClick={() => add("test")}>
            {t("connections.addFirst")}
          </Button>
        </div>
      </section>
    );
  }
  if (of("production").length === 0 && of("test").some(({ state }) => state === "approved")) {
    return (
      <Notice
        tone="info"
        title={t("connections.nowProduction")}
        announced={false}
        actions={<Button onClick={() => add("production")}>{t("connections.addProduction")}</Button>}
      >
        <p>{t("connections.nowProductionWhy")}</p>
      </Notice>
    );
  }
  return null;
}
