/** What is shown when config.json is missing or wrong: for whoever has just deployed this. */
import { useWords } from "../messages/LanguageProvider.tsx";

export function BrokenStart({ why }: { why: string }) {
  const { t } = useWords();
  return (
    <main className="landing">
      <h1>{t("start.broken")}</h1>
      <p>{t("start.brokenNext")}</p>
      <p>
        <code>{why}</code>
      </p>
    </main>
  );
}
