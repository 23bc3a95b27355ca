/** A failure: what it means, why, and what to do next, in the API's own words. */
import { Button } from "@fluentui/react-components";
import { ApiProblem } from "../api/problem.ts";
import { useWords } from "../messages/LanguageProvider.tsx";
import { useSession } from "../session/SessionProvider.tsx";
import { Notice } from "./Notice.tsx";

interface ProblemNoticeProps {
  readonly error: Error | null | undefined;
  readonly again?: (() => void) | undefined;
}

export function ProblemNotice({ error, again }: ProblemNoticeProps) {
  const { t } = useWords();
  const { signIn } = useSession();
  if (!error) {
    return null;
  }
  const retry = again && <Button onClick={again}>{t("tryAgain")}</Button>;
  if (!(error instanceof ApiProblem)) {
    return (
      <Notice tone="bad" title={t("problem.noAnswer")} actions={retry}>
        <p>{t("problem.noAnswerNext")}</p>
      </Notice>
    );
  }
  const isSignedOut = error.status === 401;
  const action = isSignedOut ? <Button onClick={() => void signIn()}>{t("signIn")}</Button> : retry;
  return (
    <Notice tone="bad" title={error.title} actions={action}>
      <p>{error.detail}</p>
      <p>
        <strong>{t("nextStep")}</strong> {error.nextStep}
      </p>
      <p className="quiet small">
        {t("code")} <code>{error.code}</code>
        {error.reference && (
          <>
            {" · "}
            {t("reference")} <code>{error.reference.split(":").at(-1)}</code>
          </>
        )}
      </p>
    </Notice>
  );
}
