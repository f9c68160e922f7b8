import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durationInWords, formatDuration, parseDuration } from "#lib/core/duration";

describe("durationInWords", () => {
  test.each([
    [1, "1 second"],
    [60_000, "1 minute"],
    [90_500, "1 minute 31 seconds"],
    [3_540_001, "59 minutes 1 second"],
    [3_599_001, "1 hour"],
    [3_660_000, "1 hour 1 minute"],
    [86_340_001, "1 day"],
    [90_000_000, "1 day 1 hour"],
    [14 * 86_400_000, "14 days"],
  ])("durationInWords of %i ms is %s", (ms, words) => {
    expect(durationInWords(ms)).toBe(words);
  });

  test("durationInWords is never too short, and too long by less than the smaller unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 62 * 86_400_000 }), (ms) => {
        const parts = durationInWords(ms).match(/\d+ [a-z]+/g) ?? [];
        expect(parts.length).toBeLessThanOrEqual(2);
        const told = parts.reduce((sum, part) => sum + (parseDuration(part) ?? Number.NaN), 0);
        const slack = ms >= 86_340_000 ? 3_600_000 : ms >= 3_599_000 ? 60_000 : 1000;
        expect(told).toBeGreaterThanOrEqual(ms);
        expect(told).toBeLessThan(ms + slack);
      }),
    );
  });
});

describe("formatDuration", () => {
  test("parseDuration reads formatDuration's text as the same length, so each length has its own text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 62 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
