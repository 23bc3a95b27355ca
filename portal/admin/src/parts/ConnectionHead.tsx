/** Above every page of one connection: which one it is, where it stands, and its other pages. */
import { NavLink } from "react-router";
import type { Schemas } from "../api/client.ts";
import { useWords } from "../messages/LanguageProvider.tsx";
import { EnvironmentTag } from "./EnvironmentTag.tsx";
import { StateBadge } from "./StateBadge.tsx";

export function ConnectionHead({ connection }: { connection: Schemas["ConnectionOut"] }) {
  const { t } = useWords();
  const pages = [
    { to: `/approve/${connection.id}`, label: t("nav.approval") },
    { to: `/records/${connection.id}`, label: t("nav.records") },
    { to: `/test/${connection.id}`, label: t("nav.test") },
    { to: `/history/${connection.id}`, label: t("nav.history") },
  ];
  return (
    <div className="connection-head">
      <p className="connection-name">
        <span className="url">{connection.fhirBaseUrl}</span>
        <EnvironmentTag environment={connection.environment} />
        <StateBadge state={connection.state} />
        {connection.suspended && <StateBadge state="suspended" />}
      </p>
      <nav aria-label={t("nav.connection")} className="tabs">
        {pages.map(({ to, label }) => (
          <NavLink key={to} to={to}>
            {label}
          </NavLink>
        ))}
      </nav>
    </div>
  );
}
