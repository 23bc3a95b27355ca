/** Our own name mark: two people under one arch. */
import { useWords } from "../messages/LanguageProvider.tsx";

export function Mark() {
  const { t } = useWords();
  return (
    <span className="mark">
      <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true" focusable="false">
        <rect className="mark-ground" width="32" height="32" rx="8" />
        <path className="mark-line" d="M6 21a10 10 0 0 1 20 0" />
        <circle className="mark-dot" cx="6.5" cy="23.5" r="2.8" />
        <circle className="mark-dot" cx="25.5" cy="23.5" r="2.8" />
        <path className="mark-accent" d="M16 11v6" />
      </svg>
      <span>
        <strong>{t("product")}</strong>
        <span className="quiet small mark-for">{t("productFor")}</span>
      </span>
    </span>
  );
}
