/** The state of a connection: icon, words, colour. */
import {
  ArrowUndoFilled,
  CheckmarkCircleFilled,
  ClockFilled,
  PauseCircleFilled,
} from "@fluentui/react-icons";
import type { Schemas } from "../api/client.ts";
import { useWords } from "../messages/LanguageProvider.tsx";
import type { MessageKey } from "../messages/language.ts";

type State = Schemas["ConnectionState"] | "suspended";

const LOOKS = {
  "needs approval": { icon: ClockFilled, tone: "caution", key: "state.needsApproval" },
  "sent back": { icon: ArrowUndoFilled, tone: "bad", key: "state.sentBack" },
  approved: { icon: CheckmarkCircleFilled, tone: "good", key: "state.approved" },
  suspended: { icon: PauseCircleFilled, tone: "info", key: "state.suspended" },
} as const satisfies Record<State, { icon: unknown; tone: string; key: MessageKey }>;

export function StateBadge({ state }: { state: State }) {
  const { t } = useWords();
  const { icon: Icon, tone, key } = LOOKS[state];
  return (
    <span className={`badge ${tone}`}>
      <Icon aria-hidden />
      {t(key)}
    </span>
  );
}
