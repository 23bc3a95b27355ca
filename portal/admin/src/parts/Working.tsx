/** Something is being fetched. */
import { Spinner } from "@fluentui/react-components";
import { useWords } from "../messages/LanguageProvider.tsx";

export function Working() {
  const { t } = useWords();
  return (
    <div className="waiting">
      <Spinner label={t("loading")} />
    </div>
  );
}
