/** An address that is none of ours. */
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Page } from "../../parts/Page.tsx";
import { TextLink } from "../../parts/TextLink.tsx";

export default function NotFound() {
  const { t } = useWords();
  return (
    <Page title={t("notFound.title")} lead={t("notFound.lead")}>
      <TextLink to="/">{t("nav.connections")}</TextLink>
    </Page>
  );
}
