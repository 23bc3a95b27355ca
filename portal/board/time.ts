// Times as a person says them: how long ago, in the page's language.

const MINUTE_MS = 60_000;

/** "4 minutes", "1 hour 5 minutes"; null below one minute, for which each page has its own word. */
export function duration(milliseconds: number, language: string): string | null {
  const minutes = Math.floor(milliseconds / MINUTE_MS);
  if (minutes < 1) return null;
  const hours = Math.floor(minutes / 60);
  const parts = hours > 0 ? [unit(hours, "hour", language)] : [];
  if (minutes % 60 > 0) parts.push(unit(minutes % 60, "minute", language));
  return parts.join(" ");
}

/** A time of day. */
export function clock(at: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(at);
}

function unit(value: number, name: "hour" | "minute", language: string): string {
  return new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "long" }).format(value);
}
