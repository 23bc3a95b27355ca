import { expect, it } from "vitest";
import { pauseAfter } from "../pauses.ts";
import { fill } from "../words.ts";

it("asks each second, less often when nobody looks or nobody answers, but never gives up", () => {
  expect(pauseAfter(0, false)).toBe(1000);
  expect(pauseAfter(0, true)).toBe(5000);
  expect([1, 2, 3, 4, 5, 50].map((failures) => pauseAfter(failures, false))).toEqual([
    2000, 4000, 8000, 15_000, 15_000, 15_000,
  ]);
  expect(pauseAfter(1, true)).toBe(5000);
});

it("fills in values, and leaves what it does not know", () => {
  expect(fill("{a} and {b}", { a: "1" })).toBe("1 and {b}");
});
