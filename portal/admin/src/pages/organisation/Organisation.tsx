/** The organisation as a whole: what Microsoft lets us do there, its data to take along, and leaving. */
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Page } from "../../parts/Page.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { Consent } from "./Consent.tsx";
import { Leaving } from "./Leaving.tsx";
import { Takeout } from "./Takeout.tsx";

export default function Organisation() {
  const { t } = useWords();
  const { me } = useTenant();
  return (
    <Page title={t("organisation.title")} lead={t("organisation.lead")}>
      <div className="stack wide">
        <Consent />
        {me.isAdmin && <Takeout />}
        {me.isAdmin && <Leaving />}
      </div>
    </Page>
  );
}
