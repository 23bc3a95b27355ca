/** The words of the outbox: how far a writeback has come, and what it says. */
import {
  ArrowSyncFilled,
  CheckmarkCircleFilled,
  ClockFilled,
  DismissCircleFilled,
  SubtractCircleFilled,
} from "@fluentui/react-icons";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";

export const STATUSES = {
  pending: { key: "writeback.pending", icon: ClockFilled, tone: "info" },
  retrying: { key: "writeback.retrying", icon: ArrowSyncFilled, tone: "caution" },
  delivered: { key: "writeback.delivered", icon: CheckmarkCircleFilled, tone: "good" },
  "given up": { key: "writeback.givenUp", icon: DismissCircleFilled, tone: "bad" },
  "not needed": { key: "writeback.notNeeded", icon: SubtractCircleFilled, tone: "info" },
} as const satisfies Record<string, { key: MessageKey; icon: unknown; tone: string }>;

export const EDGES: Readonly<Record<string, MessageKey>> = {
  opened: "edge.opened",
  waiting: "edge.waiting",
  connected: "edge.connected",
  disconnected: "edge.disconnected",
};

/** Where a transition is known from; told only when it is not the ordinary way. */
export const SOURCES: Readonly<Record<string, MessageKey>> = {
  attendance_report: "source.attendance",
  call_record: "source.record",
};

export const ROLES: Readonly<Record<string, MessageKey>> = {
  provider: "role.provider",
  patient: "role.patient",
  guest: "role.guest",
  meeting: "role.meeting",
};

export function WritebackStatus({ status }: { status: string }) {
  const { t } = useWords();
  const look = STATUSES[status as keyof typeof STATUSES];
  if (!look) {
    return status;
  }
  const Icon = look.icon;
  return (
    <span className={`badge ${look.tone}`}>
      <Icon aria-hidden />
      {t(look.key)}
    </span>
  );
}
