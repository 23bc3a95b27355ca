/** CSV (RFC 4180) that a spreadsheet opens without surprises. */

// The mark tells spreadsheets that the file is UTF-8.
const MARK = "\ufeff";
// A cell that begins so would be taken for a formula (OWASP, CSV injection).
const FORMULA = /^[=+\-@\t\r]/;

export type CsvValue = string | number | null;

function cell(value: CsvValue): string {
  if (value === null) {
    return "";
  }
  if (typeof value === "number") {
    return String(value);
  }
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(rows: readonly (readonly CsvValue[])[]): string {
  return MARK + rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
