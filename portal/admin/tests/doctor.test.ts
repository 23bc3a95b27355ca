/** When the URL doctor is asked, and what its answer means for what was typed. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isWorthAsking, repairOf, verdictOf } from "../src/pages/connections/checkup.ts";
import { debounced } from "../src/pages/connections/debounce.ts";

const checkup = (url: string, isWell: boolean, proposal = "") => ({ url, isWell, proposal, findings: [] });

describe("asking", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("waits until typing pauses and asks about the last text alone", () => {
    const asked: string[] = [];
    const typing = debounced(500, (text: string) => asked.push(text));
    for (const text of ["h", "ho", "hos"]) {
      typing.push(text);
      vi.advanceTimersByTime(499);
    }
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(asked).toEqual(["hos"]);
  });

  it("does not ask at all once cancelled", () => {
    const asked: string[] = [];
    const typing = debounced(500, (text: string) => asked.push(text));
    typing.push("hospital");
    typing.cancel();
    vi.advanceTimersByTime(5000);
    expect(asked).toEqual([]);
  });

  it("is not worth it for a word half typed", () => {
    expect(isWorthAsking("  https: ")).toBe(false);
    expect(isWorthAsking("https://h")).toBe(true);
  });
});

describe("the answer", () => {
  it("offers the address that works", () => {
    const found = checkup("https://h.example/x", false, "https://h.example/x/api/FHIR/R4");
    expect(repairOf(found, "https://h.example/x")).toBe("https://h.example/x/api/FHIR/R4");
    expect(verdictOf(found, "https://h.example/x")).toBe("repairable");
  });

  it("offers the tidied address", () => {
    const found = checkup("https://h.example/api/FHIR/R4", true);
    expect(repairOf(found, "https://h.example/api/FHIR/R4/metadata")).toBe("https://h.example/api/FHIR/R4");
    expect(verdictOf(found, "https://h.example/api/FHIR/R4/metadata")).toBe("well");
  });

  it("offers nothing where there is nothing to repair", () => {
    expect(repairOf(checkup("https://h.example", true), " https://h.example ")).toBe("");
    expect(repairOf(checkup("", false), "nonsense")).toBe("");
    expect(verdictOf(checkup("", false), "nonsense")).toBe("unwell");
  });
});
