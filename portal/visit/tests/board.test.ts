import { describe, expect, it } from "vitest";
import pages from "../../../shared/messages/pages.json";
import { guess } from "../../board/desktop.ts";
import { inTeams } from "../../board/join.ts";
import { lineOf } from "../../board/people.ts";
import { clock, duration } from "../../board/time.ts";
import { type BoardPerson, webAddress } from "../api.ts";
import { fill, type Word } from "../words.ts";

type Language = "en" | "zh-CN";

function saysIn(language: Language) {
  return (word: Word, values: Readonly<Record<string, string>> = {}) => fill(pages[word][language], values);
}

const NOW = new Date("2026-03-02T10:00:00Z");
const PATIENT: BoardPerson = {
  key: "p",
  role: "patient",
  number: 2,
  state: "waiting",
  since: "2026-03-02T09:55:20Z",
  devices: "fine",
  helpAsked: false,
  needsAttention: true,
};

describe("durations", () => {
  it.each<[number, string | null, string | null]>([
    [0, null, null],
    [59_999, null, null],
    [60_000, "1 minute", "1分钟"],
    [4.9 * 60_000, "4 minutes", "4分钟"],
    [60 * 60_000, "1 hour", "1小时"],
    [125 * 60_000, "2 hours 5 minutes", "2小时 5分钟"],
  ])("%i ms", (milliseconds, english, chinese) => {
    expect(duration(milliseconds, "en")).toBe(english);
    expect(duration(milliseconds, "zh-CN")).toBe(chinese);
  });

  it("tells the time of day", () => {
    expect(clock(new Date(2026, 0, 5, 15, 7), "zh-CN")).toBe("15:07");
    expect(clock(new Date(2026, 0, 5, 15, 7), "en").replace(/\s/, " ")).toBe("3:07 PM");
  });
});

describe("a person's line", () => {
  const line = (person: Partial<BoardPerson>, language: Language = "en") =>
    lineOf({ ...PATIENT, ...person }, NOW, language, saysIn(language));

  it("says who waits since when", () => {
    expect(line({})).toMatchObject({
      who: "Patient 2",
      state: "Waiting for 4 minutes",
      tone: "waiting",
      devices: "Devices work",
      signal: "Patient 2 is here and waits.",
    });
    expect(line({}, "zh-CN")).toMatchObject({ who: "患者 2", state: "已等候 4分钟", devices: "设备正常" });
  });

  it("says who is connected, has left, or never came", () => {
    expect(line({ state: "connected", needsAttention: false })).toMatchObject({
      state: "Connected for 4 minutes",
      tone: "connected",
      signal: "",
    });
    expect(line({ state: "disconnected" })).toMatchObject({ state: "Left 4 minutes ago", tone: "left" });
    expect(line({ state: "", since: null })).toMatchObject({
      state: "Not in the meeting yet",
      tone: "absent",
    });
  });

  it("never counts below zero when clocks differ", () => {
    expect(line({ since: "2026-03-02T10:00:30Z" }).state).toBe("Waiting for less than a minute");
  });

  it("names the devices that do not work", () => {
    expect(line({ devices: "camera blocked, speaker skipped" })).toMatchObject({
      devices: "Camera: Blocked · Speaker: Not tested",
      devicesTone: "bad",
    });
    expect(line({ devices: "" })).toMatchObject({ devices: "Devices not tested", devicesTone: "unknown" });
  });

  it("puts a call for help before an arrival", () => {
    expect(line({ helpAsked: true }).signal).toBe("Patient 2 can't get in and asks for help.");
    expect(line({ helpAsked: true, needsAttention: false })).toMatchObject({
      signal: "",
      help: "Asked for help",
    });
  });

  it("says nothing of a clinician's devices", () => {
    expect(line({ role: "provider" })).toMatchObject({ who: "Clinician 2", devices: "" });
  });
});

describe("a virtual desktop", () => {
  const here = (graphics: string, devices: string[] = [], userAgent = "Mozilla/5.0 (Windows NT 10.0)") =>
    guess({ userAgent, graphics, devices }).certainty;

  it.each<[string, string, string[], string]>([
    ["a laptop", "ANGLE (Intel, Intel(R) Iris(R) Xe Graphics Direct3D11)", ["Integrated Webcam"], "none"],
    ["a Mac", "Apple GPU", ["FaceTime HD Camera"], "none"],
    ["a gaming card", "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11)", [], "none"],
    ["nothing told", "", [], "none"],
    ["Citrix with redirected devices", "ANGLE (Intel)", ["Citrix HDX Web Camera"], "likely"],
    ["remote desktop sound", "ANGLE (Intel)", ["Remote Audio"], "likely"],
    ["VMware graphics", "ANGLE (VMware, VMware SVGA 3D Direct3D11)", [], "likely"],
    ["a shared card", "ANGLE (NVIDIA, NVIDIA A16-2Q Direct3D11)", [], "likely"],
    ["Windows without a graphics unit", "ANGLE (Microsoft, Microsoft Basic Render Driver)", [], "possible"],
    ["software drawing", "Google SwiftShader", [], "possible"],
  ])("%s", (_, graphics, devices, certainty) => {
    expect(here(graphics, devices)).toBe(certainty);
  });

  it("shows what it rests on", () => {
    expect(guess({ userAgent: "", graphics: "llvmpipe", devices: ["Citrix HDX Audio"] })).toEqual({
      certainty: "likely",
      signs: ["Citrix HDX Audio", "llvmpipe"],
    });
  });
});

describe("the ways into the meeting", () => {
  it("opens Teams itself where the address is Teams'", () => {
    const address = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d";
    expect(inTeams(new URL(address))).toBe(address.replace("https:", "msteams:"));
  });
  it("leaves every other address as it is", () => {
    for (const address of ["http://localhost:7082/l/x", "https://teams.microsoft.com.example/l/x"]) {
      expect(inTeams(new URL(address))).toBe(address);
    }
  });
  it("goes to web addresses only", () => {
    expect(() => webAddress("javascript:alert(1)")).toThrow();
    expect(webAddress("https://teams.microsoft.com/l/x").hostname).toBe("teams.microsoft.com");
  });
});
