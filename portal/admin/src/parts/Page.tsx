/** The frame of every page: its title (also the browser's), a sentence, its actions. */
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { useWords } from "../messages/LanguageProvider.tsx";

interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly above?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, lead, above, actions, children }: PageProps) {
  const { t } = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const { key } = useLocation();

  useEffect(() => {
    document.title = `${title} · ${t("product")}`;
  }, [title, t]);
  useEffect(() => {
    // After a link inside the portal the new page is announced; the first page is the browser's affair.
    if (key !== "default") {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, [key]);

  return (
    <>
      {above}
      <div className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </div>
      {children}
    </>
  );
}
