/** What else can be done with a connection: a list that opens below its button and closes by itself. */
import { Button } from "@fluentui/react-components";
import { ChevronDownRegular } from "@fluentui/react-icons";
import { type FocusEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { Link } from "react-router";
import type { Connection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";

interface RowMenuProps {
  readonly connection: Connection;
  readonly isAdmin: boolean;
  readonly pause: () => void;
  readonly remove: () => void;
}

export function RowMenu({ connection, isAdmin, pause, remove }: RowMenuProps) {
  const { t } = useWords();
  const id = useId();
  const around = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const { id: connectionId, fhirBaseUrl, suspended } = connection;
  const pages = [
    { to: `/approve/${connectionId}`, label: t("nav.approval") },
    { to: `/records/${connectionId}`, label: t("nav.records") },
    { to: `/test/${connectionId}`, label: t("nav.test") },
    { to: `/history/${connectionId}`, label: t("nav.history") },
  ];
  const close = (): void => {
    setOpen(false);
    around.current?.querySelector("button")?.focus();
  };
  const closeOnEscape = ({ key }: KeyboardEvent): void => {
    if (key === "Escape" && open) {
      close();
    }
  };
  const closeOnLeave = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (!currentTarget.contains(relatedTarget)) {
      setOpen(false);
    }
  };
  const act = (what: () => void) => (): void => {
    close();
    what();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches the keys and the focus of what is in it
    <div className="more" ref={around} onKeyDown={closeOnEscape} onBlur={closeOnLeave}>
      <Button
        size="small"
        iconPosition="after"
        icon={<ChevronDownRegular />}
        aria-expanded={open}
        aria-controls={id}
        aria-label={t("connections.moreWhich", { url: fhirBaseUrl })}
        onClick={() => setOpen(!open)}
      >
        {t("more")}
      </Button>
      <ul id={id} hidden={!open}>
        {pages.map(({ to, label }) => (
          <li key={to}>
            <Link to={to}>{label}</Link>
          </li>
        ))}
        {isAdmin && (
          <>
            <li className="apart">
              <button type="button" onClick={act(pause)}>
                {suspended ? t("connections.resume") : t("connections.suspend")}
              </button>
            </li>
            <li>
              <button type="button" onClick={act(remove)}>
                {t("connections.delete")}
              </button>
            </li>
          </>
        )}
      </ul>
    </div>
  );
}
