import { describe, expect, it } from "vitest";
import { advice, placeOf } from "../browser.ts";

const AGENTS = {
  chromeWindows:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  edgeWindows:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
  firefoxMac: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
  safariMac:
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
  chromeAndroid:
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
  firefoxAndroid: "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0",
  webViewAndroid:
    "Mozilla/5.0 (Linux; Android 14; Pixel; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36",
  safariPhone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
  chromePhone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
  edgePhone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 EdgiOS/140.0.0.0 Mobile/15E148 Safari/605.1.15",
  inAppPhone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
  chromeLinux:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
};

describe("which browser and system", () => {
  it.each<[keyof typeof AGENTS, number, string, string, boolean]>([
    ["chromeWindows", 0, "Chrome", "Windows", false],
    ["edgeWindows", 10, "Edge", "Windows", false],
    ["firefoxMac", 0, "Firefox", "macOS", false],
    ["safariMac", 0, "Safari", "macOS", false],
    ["safariMac", 5, "Safari", "iOS", false],
    ["chromeAndroid", 5, "Chrome", "Android", false],
    ["firefoxAndroid", 5, "Firefox", "Android", false],
    ["webViewAndroid", 5, "Chrome", "Android", true],
    ["safariPhone", 5, "Safari", "iOS", false],
    ["chromePhone", 5, "Chrome", "iOS", false],
    ["edgePhone", 5, "Edge", "iOS", false],
    ["inAppPhone", 5, "", "iOS", true],
    ["chromeLinux", 0, "Chrome", "", false],
  ])("%s with %i touch points", (agent, touch, browser, system, inApp) => {
    expect(placeOf(AGENTS[agent], touch)).toEqual({ browser, system, inApp });
  });
});

describe("what to do about a blocked camera", () => {
  const steps = (agent: keyof typeof AGENTS, touch = 0, cause: "browser" | "system" = "browser") =>
    advice("camera", "blocked", cause, placeOf(AGENTS[agent], touch));

  it.each<[keyof typeof AGENTS, number, string[]]>([
    ["chromeWindows", 0, ["help_chrome", "help_windows", "help_again"]],
    ["edgeWindows", 0, ["help_chrome", "help_windows", "help_again"]],
    ["firefoxMac", 0, ["help_firefox", "help_macos", "help_again"]],
    ["safariMac", 0, ["help_safari", "help_macos", "help_again"]],
    ["safariMac", 5, ["help_ios_safari", "help_ios", "help_again"]],
    ["chromeAndroid", 5, ["help_phone", "help_android", "help_again"]],
    ["safariPhone", 5, ["help_ios_safari", "help_ios", "help_again"]],
    ["chromePhone", 5, ["help_ios", "help_again"]],
    ["edgePhone", 5, ["help_ios", "help_again"]],
    ["webViewAndroid", 5, ["help_unsupported"]],
    ["chromeLinux", 0, ["help_chrome", "help_again"]],
  ])("%s", (agent, touch, expected) => {
    expect(steps(agent, touch)).toEqual(expected);
  });

  it("goes straight to the system where the browser says that the system blocks", () => {
    expect(steps("chromeWindows", 0, "system")).toEqual(["help_windows", "help_again"]);
    expect(steps("chromeLinux", 0, "system")).toEqual(["help_chrome", "help_again"]);
  });
});

describe("what to do about other trouble", () => {
  const place = placeOf(AGENTS.chromeWindows, 0);
  it("says nothing of what works or was not tested", () => {
    expect(advice("camera", "fine", "none", place)).toEqual([]);
    expect(advice("speaker", "skipped", "none", place)).toEqual([]);
  });
  it("knows each device", () => {
    expect(advice("microphone", "failed", "none", place)).toEqual(["help_silent"]);
    expect(advice("camera", "failed", "busy", place)).toEqual(["help_busy", "help_again"]);
    expect(advice("camera", "missing", "none", place)).toEqual(["help_missing", "help_again"]);
    expect(advice("camera", "failed", "unsupported", place)).toEqual(["help_unsupported"]);
    expect(advice("speaker", "failed", "none", place)).toEqual(["help_speaker"]);
    expect(advice("connection", "failed", "none", place)).toEqual(["help_connection"]);
  });
});
