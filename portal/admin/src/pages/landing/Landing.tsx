/** Before sign-in: what this is, one button, and what goes wrong if it does. */
import { Button } from "@fluentui/react-components";
import { useEffect } from "react";
import { LanguageChoice } from "../../app/LanguageChoice.tsx";
import { Mark } from "../../app/Mark.tsx";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { useSession } from "../../session/SessionProvider.tsx";

export function Landing() {
  const { t } = useWords();
  const { failed, signIn } = useSession();
  const isInvited = window.location.pathname.startsWith("/approve/");
  useEffect(() => {
    document.title = `${t("signIn")} · ${t("product")}`;
  }, [t]);
  return (
    <main className="landing">
      <Mark />
      <h1>{isInvited ? t("landing.invitedTitle") : t("landing.title")}</h1>
      <p className="lead">{isInvited ? t("landing.invited") : t("landing.lead")}</p>
      {failed && (
        <Notice tone="caution" title={t("landing.failed")}>
          <p>{t("landing.failedNext")}</p>
        </Notice>
      )}
      <div>
        <Button appearance="primary" size="large" onClick={() => void signIn()}>
          {t("landing.signIn")}
        </Button>
      </div>
      <p className="quiet small">{t("landing.kept")}</p>
      <LanguageChoice />
    </main>
  );
}
