/** A message with its tone told by icon and words as well as by colour. */
import { CheckmarkCircleFilled, DismissCircleFilled, InfoFilled, WarningFilled } from "@fluentui/react-icons";
import type { ReactNode } from "react";

export type Tone = "good" | "info" | "caution" | "bad";

const ICONS = {
  good: CheckmarkCircleFilled,
  info: InfoFilled,
  caution: WarningFilled,
  bad: DismissCircleFilled,
} as const satisfies Record<Tone, unknown>;

interface NoticeProps {
  readonly tone: Tone;
  readonly title?: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  /** Whether assistive technology reads it as soon as it appears. */
  readonly announced?: boolean;
}

export function Notice({ tone, title, children, actions, announced = true }: NoticeProps) {
  const Icon = ICONS[tone];
  const role = announced ? (tone === "bad" ? "alert" : "status") : undefined;
  return (
    <div className={`notice ${tone}`} role={role}>
      <Icon className="notice-icon" aria-hidden />
      <div className="notice-body">
        {title && <p className="notice-title">{title}</p>}
        {children}
        {actions && <div className="row">{actions}</div>}
      </div>
    </div>
  );
}
