/** Records as text and CSV, and where two values differ. */
import { describe, expect, it } from "vitest";
import {
  asBlock,
  asCsv,
  asText,
  fileName,
  type Integration,
  type Sheet,
} from "../src/pages/records/formats.ts";
import { marked } from "../src/pages/records/marked.ts";
import { csv } from "../src/parts/csv.ts";

const RECORD: Integration = {
  kind: "provider",
  launchUrl: "https://connector.example/api/launch/abc/provider",
  clientId: "eeeeeeee-0000-4000-8000-00000000e0e5",
  contextToken: "sessionId=%CSN%&departmentId=%PERFDEPID;;; ; ;;NONE;%",
  fingerprint: "0123456789abcdef0123456789abcdef",
};
const SHEET: Sheet = {
  fhirBaseUrl: "https://hospital.example/api/FHIR/R4",
  environment: "test",
  fingerprint: RECORD.fingerprint,
  jwksUrl: "https://connector.example/api/keys/test/jwks.json",
  made: "2026-11-23",
};

describe("csv", () => {
  it("quotes what needs quotes and ends every line", () => {
    expect(csv([["a", 'b"c', "d,e", "f\ng"]])).toBe('\ufeffa,"b""c","d,e","f\ng"\r\n');
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])("defuses the formula %j", (formula) => {
    expect(csv([[formula]])).toBe(`\ufeff'${formula}\r\n`);
  });

  it("leaves numbers alone and absent values empty", () => {
    expect(csv([[-5, null, "", 0]])).toBe("\ufeff-5,,,0\r\n");
  });
});

describe("records", () => {
  it("are lines that an EHR's form takes back", () => {
    expect(asBlock(RECORD).split("\n")).toEqual([
      `Launch URL: ${RECORD.launchUrl}`,
      `Client ID: ${RECORD.clientId}`,
      `Context token: ${RECORD.contextToken}`,
    ]);
  });

  it("have no line for what this kind of EHR does not know", () => {
    expect(asBlock({ ...RECORD, contextToken: "" })).not.toContain("Context token");
  });

  it("carry fingerprint and date as text", () => {
    const text = asText([RECORD], SHEET);
    expect(text).toContain(`Fingerprint: ${SHEET.fingerprint}`);
    expect(text).toContain("Date: 2026-11-23");
    expect(text).toContain(`[provider]\n${asBlock(RECORD)}\n`);
  });

  it("keep their context token whole as CSV", () => {
    const [head, line] = asCsv([RECORD], SHEET).split("\r\n");
    expect(head).toBe("\ufeffRecord,Launch URL,Client ID,Context token,Environment,Fingerprint,Date");
    expect(line).toContain(RECORD.contextToken);
  });

  it("have a file name that says which they are", () => {
    expect(fileName(SHEET, "csv")).toBe("integration-records-hospital.example-test-01234567.csv");
  });
});

describe("marked", () => {
  it.each([
    ["sessionId=%CSN%&x", "sessionId=%CONFERENCEID%&x", "sessionId=%", "CSN", "%&x"],
    ["abc", "abc", "abc", "", ""],
    ["", "abc", "", "", ""],
    ["abc", "", "", "abc", ""],
    ["a-X-b", "a-b", "a-", "X-", "b"],
    ["a/a", "a/a/a", "a/a", "", ""],
    ["患者=🙂甲", "患者=🙂乙", "患者=", "🙂甲", ""],
  ])("%j against %j", (found, expected, before, differing, after) => {
    const parts = marked(found, expected);
    expect([parts.before, parts.differing, parts.after].join("")).toBe(found);
    expect(parts).toEqual({ before, differing, after });
  });
});
