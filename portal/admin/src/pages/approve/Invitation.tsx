/** A mail for the analyst, ready to copy. It says where to go; it grants nothing by itself. */
import { Textarea } from "@fluentui/react-components";
import { MailRegular } from "@fluentui/react-icons";
import type { Connection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { CopyButton } from "../../parts/CopyButton.tsx";
import { invitationLink } from "../connections/names.ts";

export function Invitation({ connection }: { connection: Connection }) {
  const { t } = useWords();
  const link = invitationLink(connection.id);
  const environment = connection.environment === "test" ? t("environment.test") : t("environment.production");
  const subject = t("invitation.subject");
  const text = t("invitation.text", { url: connection.fhirBaseUrl, environment, link });
  return (
    <section className="card stack" aria-label={t("invitation.title")}>
      <h2>{t("invitation.title")}</h2>
      <p className="quiet">
        {t("invitation.lead", { approver: connection.approverName ?? connection.approver })}
      </p>
      <Textarea
        readOnly
        rows={8}
        resize="vertical"
        aria-label={t("invitation.label")}
        value={`${subject}\n\n${text}`}
      />
      <div className="row">
        <CopyButton text={text} what={t("invitation.label")} label={t("invitation.copy")} />
        <CopyButton text={link} what={t("invitation.link")} label={t("invitation.copyLink")} />
        {connection.approverName && (
          <a
            className="link"
            href={`mailto:${encodeURIComponent(connection.approverName)}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(text)}`}
          >
            <MailRegular aria-hidden /> {t("invitation.mail")}
          </a>
        )}
      </div>
    </section>
  );
}
