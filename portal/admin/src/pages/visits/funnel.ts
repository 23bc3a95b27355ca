/** The funnel of visits: its steps in order, sums over days, and CSV. A hidden number stays hidden in every sum. */
import type { Schemas } from "../../api/client.ts";
import type { MessageKey } from "../../messages/language.ts";
import { type CsvValue, csv } from "../../parts/csv.ts";

export type FunnelDay = Schemas["FunnelDay"];

export const STEPS = [
  { name: "launched", label: "funnel.launched" },
  { name: "pageOpened", label: "funnel.pageOpened" },
  { name: "devicesFine", label: "funnel.devicesFine" },
  { name: "waiting", label: "funnel.waiting" },
  { name: "admitted", label: "funnel.admitted" },
  { name: "bothConnected", label: "funnel.bothConnected" },
  { name: "finished", label: "funnel.finished" },
] as const satisfies readonly { name: keyof FunnelDay; label: MessageKey }[];
export type Step = (typeof STEPS)[number];

export interface Total {
  readonly step: Step;
  readonly count: number;
  /** Whether some numbers are hidden: each is one or more, since none is shown as none; the count is a least. */
  readonly isLeast: boolean;
}

export function totals(days: readonly FunnelDay[]): Total[] {
  return STEPS.map((step) => {
    const numbers = days.map((day) => day[step.name]);
    const known = numbers.filter((number): number is number => number !== null);
    return {
      step,
      count: known.reduce((sum, number) => sum + number, numbers.length - known.length),
      isLeast: known.length < numbers.length,
    };
  });
}

/** A column is a number or, where it is hidden, what the table says instead. */
export function funnelCsv(days: readonly FunnelDay[], titles: readonly string[], hidden: string): string {
  const row = (day: FunnelDay): CsvValue[] => [
    day.day,
    day.department,
    ...STEPS.map(({ name }) => day[name] ?? hidden),
  ];
  return csv([titles, ...days.map(row)]);
}

const DAY_MS = 86_400_000;

/** The last days up to `now`, as the API's `from` and `to`. */
export function lastDays(count: number, now: Date): { from: string; to: string } {
  const iso = (date: Date): string => date.toISOString().slice(0, 10);
  return { from: iso(new Date(now.getTime() - (count - 1) * DAY_MS)), to: iso(now) };
}
