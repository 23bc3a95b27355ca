/** Every message is there in every language, used, and says the same with the same values. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../src/messages/en.json";
import { chosenLanguage, LANGUAGES, type MessageKey, translate } from "../src/messages/language.ts";
import zh from "../src/messages/zh-CN.json";

const SOURCES = join(import.meta.dirname, "../src");
const PRODUCTS = ["Microsoft", "Teams", "Epic", "SMART on FHIR", "PowerShell", "JWKS", "CSV", "JSON", "URL"];

function sources(): string {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf-8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => readFileSync(join(SOURCES, name), "utf-8"))
    .join("\n");
}

function values(sentence: string): string[] {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
}

describe("messages", () => {
  const keys = Object.keys(en) as MessageKey[];

  it("are the same in every language", () => {
    expect(Object.keys(zh)).toEqual(keys);
  });

  it("are all used", () => {
    const text = sources();
    expect(keys.filter((key) => !text.includes(`"${key}"`))).toEqual([]);
  });

  it("are all there that are used", () => {
    const used = [...sources().matchAll(/\bt\("([^"]+)"/g)].map(([, key]) => key ?? "");
    expect(used.length).toBeGreaterThan(100);
    expect(used.filter((key) => !keys.includes(key as MessageKey))).toEqual([]);
  });

  it.each(keys)("%s is a sentence with the same values in both", (key) => {
    expect(en[key].trim()).not.toBe("");
    expect(values(zh[key])).toEqual(values(en[key]));
  });

  it.each(keys)("%s keeps the names of products", (key) => {
    const count = (sentence: string, name: string): boolean => sentence.includes(name);
    for (const name of PRODUCTS) {
      expect([name, count(zh[key], name)]).toEqual([name, count(en[key], name)]);
    }
  });

  it("are Chinese in Chinese, but for names and signs", () => {
    const same = keys.filter((key) => en[key] === zh[key]);
    expect(same).toEqual(["empty"]);
  });
});

describe("the language", () => {
  it.each([
    [null, ["zh-TW", "en"], "zh-CN"],
    [null, ["fr", "zh"], "zh-CN"],
    [null, ["de", "fr"], "en"],
    [null, [], "en"],
    ["zh-CN", ["en"], "zh-CN"],
    ["tlh", ["zh"], "zh-CN"],
  ] as const)("remembered %s and wished %j is %s", (remembered, wishes, expected) => {
    expect(chosenLanguage(remembered, wishes)).toBe(expected);
  });

  it("puts values in and leaves what is not given visible", () => {
    expect(translate("en", "connections.reason", { reason: "a {b}" })).toBe("Reason: a {b}");
    expect(translate("en", "connections.reason")).toBe("Reason: {reason}");
  });

  it("has a direction for each", () => {
    expect(Object.values(LANGUAGES).every(({ direction }) => /^(ltr|rtl)$/.test(direction))).toBe(true);
  });
});
