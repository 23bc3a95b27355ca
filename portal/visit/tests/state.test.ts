import { describe, expect, it } from "vitest";
import { contactAfter, type Facts, saying } from "../state.ts";

const WAITING: Facts = {
  contact: "fine",
  opened: false,
  over: false,
  state: "waiting",
  went: false,
  leads: true,
  testing: false,
  stays: false,
};
const OPEN: Facts = { ...WAITING, opened: true };

describe("the one sentence", () => {
  it.each<[string, Facts, string, string, boolean]>([
    ["waiting", WAITING, "say_here", "no", false],
    ["opened", OPEN, "say_opened", "now", true],
    ["opened in the middle of a test", { ...OPEN, testing: true }, "say_soon", "soon", true],
    ["opened, and they stay", { ...OPEN, testing: true, stays: true }, "say_ready", "no", true],
    ["stayed, and the test is over", { ...OPEN, stays: true }, "say_opened", "now", true],
    ["opened, another tab leads", { ...OPEN, leads: false }, "say_other_tab", "no", true],
    ["came back from the visit", { ...OPEN, went: true }, "say_went", "no", true],
    ["is in the visit", { ...OPEN, state: "connected" }, "say_connected", "no", true],
    ["has left the visit", { ...OPEN, state: "disconnected" }, "say_left", "no", true],
    ["over", { ...OPEN, over: true }, "say_over", "no", false],
    ["no network", { ...OPEN, contact: "offline" }, "say_offline", "no", false],
    ["no server", { ...WAITING, contact: "failed" }, "say_failed", "no", false],
    ["no ticket", { ...OPEN, contact: "lost" }, "say_lost", "no", false],
  ])("%s", (_, facts, sentence, goes, button) => {
    expect(saying(facts)).toMatchObject({ sentence, goes, button });
  });

  it("never sends anybody on from a state that is not open", () => {
    const values = [true, false];
    for (const over of values) {
      for (const testing of values) {
        for (const contact of ["fine", "offline", "failed", "lost"] as const) {
          const { goes } = saying({ ...WAITING, over, testing, contact });
          expect(goes).toBe("no");
        }
      }
    }
  });

  it("tells a second tab that the first one goes on", () => {
    expect(saying({ ...WAITING, leads: false }).more).toBe("say_stay_other");
    expect(saying(WAITING).more).toBe("say_stay");
  });
});

describe("what a refusal means", () => {
  it.each<[number, boolean, string]>([
    [401, true, "lost"],
    [410, true, "lost"],
    [500, true, "failed"],
    [429, true, "failed"],
    [0, true, "failed"],
    [0, false, "offline"],
    [401, false, "lost"],
  ])("%i, online %s: %s", (status, online, contact) => {
    expect(contactAfter(status, online)).toBe(contact);
  });
});
