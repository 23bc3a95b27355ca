// Which browser and system this is, and what to do there about a blocked device: pure, from the user agent.
import type { Cause, Device, Result } from "./results.ts";
import type { Word } from "./words.ts";

export type BrowserName = "Chrome" | "Edge" | "Safari" | "Firefox" | "";
export type SystemName = "Windows" | "macOS" | "Android" | "iOS" | "";

export interface Place {
  readonly browser: BrowserName;
  readonly system: SystemName;
  /** A page inside another app, which often may not use a camera at all. */
  readonly inApp: boolean;
}

/** Reads a user agent; `touchPoints` tells an iPad, which says that it is a Mac. */
export function placeOf(userAgent: string, touchPoints: number): Place {
  const system = systemOf(userAgent, touchPoints);
  const inApp = /; wv\)/.test(userAgent) || (system === "iOS" && !/Safari\//.test(userAgent));
  return { browser: browserOf(userAgent), system, inApp };
}

function browserOf(agent: string): BrowserName {
  if (/Edg(e|A|iOS)?\//.test(agent)) return "Edge";
  if (/Firefox\/|FxiOS\//.test(agent)) return "Firefox";
  if (/OPR\/|SamsungBrowser\//.test(agent)) return "";
  if (/Chrome\/|CriOS\//.test(agent)) return "Chrome";
  return /Safari\//.test(agent) ? "Safari" : "";
}

function systemOf(agent: string, touchPoints: number): SystemName {
  if (/iPhone|iPad|iPod/.test(agent)) return "iOS";
  if (/Android/.test(agent)) return "Android";
  if (/Windows/.test(agent)) return "Windows";
  if (/Macintosh/.test(agent)) return touchPoints > 1 ? "iOS" : "macOS";
  return "";
}

/** The steps that help, in order, as messages. */
export function advice(device: Device, result: Result, cause: Cause, place: Place): Word[] {
  if (result === "fine" || result === "skipped") return [];
  if (device === "speaker") return ["help_speaker"];
  if (device === "connection") return ["help_connection"];
  if (place.inApp) return ["help_unsupported"];
  if (result === "blocked") return [...blocked(cause, place), "help_again"];
  if (result === "missing") return ["help_missing", "help_again"];
  if (cause === "busy") return ["help_busy", "help_again"];
  if (cause === "unsupported") return ["help_unsupported"];
  return device === "microphone" ? ["help_silent"] : ["help_again"];
}

function blocked(cause: Cause, place: Place): Word[] {
  const inSystem = SYSTEM[place.system];
  if (cause === "system" && inSystem) return [inSystem];
  const inBrowser = browserStep(place);
  // On an iPhone or iPad, other browsers than Safari have their switch in the system's settings only.
  if (place.system === "iOS" && place.browser !== "Safari") return ["help_ios"];
  return inSystem ? [inBrowser, inSystem] : [inBrowser];
}

const SYSTEM: Readonly<Partial<Record<SystemName, Word>>> = {
  Windows: "help_windows",
  macOS: "help_macos",
  Android: "help_android",
  iOS: "help_ios",
};

function browserStep({ browser, system }: Place): Word {
  if (system === "iOS") return "help_ios_safari";
  if (system === "Android") return browser === "" ? "help_other" : "help_phone";
  switch (browser) {
    case "Chrome":
    case "Edge":
      return "help_chrome";
    case "Firefox":
      return "help_firefox";
    case "Safari":
      return "help_safari";
    default:
      return "help_other";
  }
}
