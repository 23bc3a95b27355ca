/** The funnel as bars. Each bar's number stands beside it; the same numbers are in the table below. */
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type FunnelDay, type Total, totals } from "./funnel.ts";

export function Chart({ days }: { days: readonly FunnelDay[] }) {
  const { t } = useWords();
  const bars = totals(days);
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const number = ({ count, isLeast }: Total): string =>
    isLeast ? t("visits.atLeast", { count }) : String(count);
  const summary = bars.map((bar) => `${t(bar.step.label)} ${number(bar)}`).join(", ");
  return (
    <figure className="card chart" aria-label={`${t("visits.chart")}: ${summary}`}>
      <figcaption aria-hidden="true">{t("visits.chart")}</figcaption>
      <div className="bars" aria-hidden="true">
        {bars.map((bar) => (
          <div className="bar" key={bar.step.name}>
            <span>{t(bar.step.label)}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              <rect className="bar-ground" width="100" height="10" />
              <rect className="bar-value" width={(bar.count / most) * 100} height="10" />
            </svg>
            <span className="number">{number(bar)}</span>
          </div>
        ))}
      </div>
    </figure>
  );
}
