/** Which of the two environments: in words, and in shape. */
import type { Schemas } from "../api/client.ts";
import { useWords } from "../messages/LanguageProvider.tsx";

export function EnvironmentTag({ environment }: { environment: Schemas["Environment"] }) {
  const { t } = useWords();
  return (
    <span className={`environment ${environment}`}>
      {environment === "test" ? t("environment.test") : t("environment.production")}
    </span>
  );
}
