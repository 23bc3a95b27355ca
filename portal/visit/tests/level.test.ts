import { describe, expect, it } from "vitest";
import { Ear, eased, levelOf } from "../level.ts";

const tone = (amplitude: number) =>
  Float32Array.from({ length: 1024 }, (_, index) => amplitude * Math.sin(index / 5));

describe("the level", () => {
  it("is 0 for silence, for nothing, and for what is quieter than -60 dB", () => {
    expect(levelOf(new Float32Array(1024))).toBe(0);
    expect(levelOf([])).toBe(0);
    expect(levelOf(tone(0.0005))).toBe(0);
  });

  it("is 1 for the loudest there can be", () => {
    expect(levelOf(new Float32Array(64).fill(1))).toBe(1);
    expect(levelOf(new Float32Array(64).fill(-1))).toBe(1);
  });

  it("rises by a sixth with each 10 dB", () => {
    const louder = levelOf(tone(0.1)) - levelOf(tone(0.1 / 10 ** 0.5));
    expect(louder).toBeCloseTo(1 / 6, 2);
  });

  it("rises at once and falls in less than a second", () => {
    expect(eased(0.2, 0.9, 50)).toBe(0.9);
    expect(eased(0.9, 0, 80)).toBeCloseTo(0.8);
    expect(eased(0.05, 0, 800)).toBe(0);
  });
});

describe("the ear", () => {
  const hears = (levels: number[], milliseconds = 50) => {
    const ear = new Ear();
    for (const level of levels) ear.listen(level, milliseconds);
    return ear.heard;
  };
  it("hears a voice, pauses and all", () => {
    expect(hears([0.6, 0.6, 0, 0.5, 0.6, 0, 0, 0.4, 0.6, 0.6, 0.5])).toBe(true);
  });
  it("does not take a click or a hum for a voice", () => {
    expect(hears([0.9, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toBe(false);
    expect(hears(new Array<number>(200).fill(0.15))).toBe(false);
  });
  it("does not count the time in which a sleeping page heard nothing", () => {
    expect(hears([0.9], 60_000)).toBe(false);
  });
});
