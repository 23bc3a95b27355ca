import { describe, expect, it } from "vitest";
import { verdict } from "../connection.ts";
import { complete, findingOf, fromSummary, wordFor } from "../results.ts";

function refusal(name: string, message = ""): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

describe("what getUserMedia's refusals mean", () => {
  it.each([
    ["NotAllowedError", "Permission denied", "blocked", "browser"],
    ["NotAllowedError", "Permission denied by system", "blocked", "system"],
    ["SecurityError", "", "blocked", "browser"],
    ["NotFoundError", "", "missing", "none"],
    ["OverconstrainedError", "", "missing", "none"],
    ["NotReadableError", "", "failed", "busy"],
    ["TypeError", "mediaDevices is undefined", "failed", "unsupported"],
  ])("%s %s", (name, message, result, cause) => {
    expect(findingOf(refusal(name, message))).toEqual({ result, cause });
  });

  it("takes anything for unsupported that is no error at all", () => {
    expect(findingOf("what")).toEqual({ result: "failed", cause: "unsupported" });
  });
});

describe("results", () => {
  it("believes only words that it knows", () => {
    expect(complete({ camera: "fine", microphone: "<b>", speaker: 7 })).toEqual({
      camera: "fine",
      microphone: "skipped",
      speaker: "skipped",
      connection: "skipped",
    });
  });

  it("reads the connector's summary", () => {
    expect(fromSummary("")).toEqual(complete({}));
    expect(Object.values(fromSummary("fine"))).toEqual(["fine", "fine", "fine", "fine"]);
    expect(fromSummary("microphone blocked, speaker skipped")).toEqual({
      camera: "fine",
      microphone: "blocked",
      speaker: "skipped",
      connection: "fine",
    });
  });

  it("calls a bad connection weak: the page did come", () => {
    expect(wordFor("connection", "failed")).toBe("check_weak");
    expect(wordFor("camera", "failed")).toBe("check_failed");
  });
});

describe("the connection's verdict", () => {
  it.each<[string, (number | null)[], string]>([
    ["quick", [20, 30, 25, 40, 22], "fine"],
    ["one lost", [20, null, 25, 40, 22], "fine"],
    ["two lost", [20, null, null, 40, 22], "failed"],
    ["slow", [900, 800, 1200, 700, 20], "failed"],
    ["one slow", [20, 30, 3000, 40, 22], "fine"],
    ["nothing", [null, null, null, null, null], "failed"],
    ["nothing asked", [], "failed"],
  ])("%s", (_, trips, expected) => {
    expect(verdict(trips)).toBe(expected);
  });
});
