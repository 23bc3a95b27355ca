/** The URL doctor's answer: what was asked, what came back, what to change; its repair as a button. */
import { Button, Spinner } from "@fluentui/react-components";
import {
  CheckmarkCircleFilled,
  DismissCircleFilled,
  WarningFilled,
  WrenchFilled,
} from "@fluentui/react-icons";
import type { Schemas } from "../../api/client.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { repairOf, type Verdict, verdictOf } from "./checkup.ts";

const LOOKS = {
  fine: { icon: CheckmarkCircleFilled, tone: "good", word: "doctor.fine" },
  repaired: { icon: WrenchFilled, tone: "info", word: "doctor.repaired" },
  warning: { icon: WarningFilled, tone: "caution", word: "doctor.warning" },
  problem: { icon: DismissCircleFilled, tone: "bad", word: "doctor.problem" },
} as const satisfies Record<string, { icon: unknown; tone: string; word: MessageKey }>;

const VERDICTS: Readonly<Record<Verdict, MessageKey>> = {
  well: "doctor.well",
  repairable: "doctor.repairable",
  unwell: "doctor.unwell",
};

interface DoctorProps {
  readonly typed: string;
  readonly checkup: Schemas["CheckupOut"] | undefined;
  readonly error: Error | null;
  readonly isAsking: boolean;
  readonly repair: (url: string) => void;
}

export function Doctor({ typed, checkup, error, isAsking, repair }: DoctorProps) {
  const { t } = useWords();
  const better = checkup && !isAsking ? repairOf(checkup, typed) : "";
  return (
    <section className="doctor" aria-label={t("doctor.title")}>
      <div role="status" className="doctor-verdict">
        {isAsking && <Spinner size="tiny" label={t("doctor.asking")} />}
        {!isAsking && checkup && <strong>{t(VERDICTS[verdictOf(checkup, typed)])}</strong>}
      </div>
      {better && (
        <div className="row">
          <Button size="small" icon={<WrenchFilled />} onClick={() => repair(better)}>
            {t("doctor.use")}
          </Button>
          <span className="url small">{better}</span>
        </div>
      )}
      {checkup && <Findings findings={checkup.findings} />}
      {!isAsking && <ProblemNotice error={error} />}
    </section>
  );
}

export function Findings({ findings }: { findings: readonly Schemas["FindingOut"][] }) {
  return (
    <ul className="findings">
      {findings.map((finding) => (
        <Finding key={`${finding.code} ${finding.asked}`} finding={finding} />
      ))}
    </ul>
  );
}

function Finding({ finding }: { finding: Schemas["FindingOut"] }) {
  const { t } = useWords();
  const { icon: Icon, tone, word } = LOOKS[finding.severity as keyof typeof LOOKS] ?? LOOKS.warning;
  const trace = [
    finding.asked && t("doctor.asked", { what: finding.asked }),
    finding.cameBack && t("doctor.cameBack", { what: finding.cameBack }),
  ].filter(Boolean);
  return (
    <li className={tone}>
      <Icon className="tone-icon" aria-hidden />
      <div>
        <p>
          <strong>{t(word)}</strong> {finding.said}
        </p>
        {finding.change && <p>{finding.change}</p>}
        {trace.length > 0 && <p className="quiet small trace">{trace.join(" · ")}</p>}
      </div>
    </li>
  );
}
