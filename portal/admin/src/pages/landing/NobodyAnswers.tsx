/** A region does not answer: nothing can be shown, and nothing new may begin elsewhere meanwhile. */
import { Button } from "@fluentui/react-components";
import { LanguageChoice } from "../../app/LanguageChoice.tsx";
import { Mark } from "../../app/Mark.tsx";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useSession } from "../../session/SessionProvider.tsx";

export function NobodyAnswers({ error, again }: { error: Error | undefined; again: () => void }) {
  const { t } = useWords();
  const { signOut } = useSession();
  return (
    <main className="landing">
      <Mark />
      <h1>{t("region.silent")}</h1>
      <ProblemNotice error={error} again={again} />
      <div>
        <Button onClick={() => void signOut()}>{t("signOut")}</Button>
      </div>
      <LanguageChoice />
    </main>
  );
}
