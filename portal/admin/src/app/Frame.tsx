/** Header, navigation and the place of the page. */
import { Button } from "@fluentui/react-components";
import { NavigationRegular } from "@fluentui/react-icons";
import { type ReactNode, useEffect, useState } from "react";
import { NavLink, useLocation } from "react-router";
import { useWords } from "../messages/LanguageProvider.tsx";
import type { MessageKey } from "../messages/language.ts";
import { useSession } from "../session/SessionProvider.tsx";
import { useTenant } from "../session/TenantProvider.tsx";
import { LanguageChoice } from "./LanguageChoice.tsx";
import { Mark } from "./Mark.tsx";

const PAGES: readonly { readonly to: string; readonly label: MessageKey }[] = [
  { to: "/", label: "nav.connections" },
  { to: "/approve", label: "nav.approve" },
  { to: "/outbox", label: "nav.outbox" },
  { to: "/visits", label: "nav.visits" },
  { to: "/organisation", label: "nav.organisation" },
  { to: "/privacy", label: "nav.privacy" },
];

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useWords();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: going to another page is what closes the menu
  useEffect(() => setOpen(false), [pathname]);

  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t("skip")}
      </a>
      <header className="top">
        <Mark />
        <span className="menu-button">
          <Button
            appearance="subtle"
            icon={<NavigationRegular />}
            aria-expanded={open}
            aria-controls="pages"
            onClick={() => setOpen(!open)}
          >
            {t("menu")}
          </Button>
        </span>
        <Who />
      </header>
      <nav id="pages" aria-label={t("nav.main")} className={open ? "side open" : "side"}>
        <ul>
          {PAGES.map(({ to, label }) => (
            <li key={to}>
              <NavLink to={to} end={to === "/"}>
                {t(label)}
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content" className="content" tabIndex={-1}>
        {children}
      </main>
      <footer className="bottom">
        <LanguageChoice />
        <span>{t("footer")}</span>
      </footer>
    </div>
  );
}

function Who() {
  const { t } = useWords();
  const { name, userName, signOut } = useSession();
  const { me, region } = useTenant();
  const role = me.isAdmin ? t("role.admin") : me.isAuditor ? t("role.auditor") : t("role.approver");
  return (
    <div className="who">
      <span className="who-name" title={userName}>
        <strong>{name}</strong>
        <span className="quiet small">
          {role} · {t("region.is", { geography: region.geography.toUpperCase() })}
        </span>
      </span>
      <Button appearance="subtle" onClick={() => void signOut()}>
        {t("signOut")}
      </Button>
    </div>
  );
}
