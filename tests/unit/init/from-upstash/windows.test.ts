import { Ratelimit } from "@upstash/ratelimit";
import { expect, test } from "vitest";
import { countingOf, upstashDuration } from "#lib/init/from-upstash/windows";

const fixed = (text: string) => Ratelimit.fixedWindow(1, text as "1 s");

test.each([
  ["10 s", 10_000],
  ["10s", 10_000],
  ["1 m", 60_000],
  ["15m", 900_000],
  ["1 h", 3_600_000],
  ["1d", 86_400_000],
  ["1500 ms", 1500],
  ["1 w", 604_800_000],
  ["1.5 h", 5_400_000],
] as const)("upstashDuration reads %j as %j milliseconds, as the library does", (text, ms) => {
  expect(upstashDuration(text)).toBe(ms);
  expect(() => fixed(text)).not.toThrow();
});

test.each(["0.3 ms", "1 y", "10  s", "10 sec", "ten s", " 1 s", "-1 s"])(
  "upstashDuration rejects %j, as the library does",
  (text) => {
    expect(upstashDuration(text)).toBeUndefined();
    expect(() => fixed(text)).toThrow(/window/i);
  },
);

test.each([
  ["slidingWindow", [10, "10 s"], "10 per 10 seconds", "sliding-window"],
  ["slidingWindow", [5, "15 m"], "5 per 15 minutes", "sliding-window"],
  ["fixedWindow", [1000, "1 d"], "1000 per day", "fixed-window"],
  ["fixedWindow", [3, "1500 ms"], "3 per 1500 milliseconds", "fixed-window"],
  ["cachedFixedWindow", [50, "60 s"], "50 per minute", "fixed-window"],
  ["tokenBucket", [5, "10 s", 20], "20 per 40 seconds", "token-bucket"],
  ["tokenBucket", [10, "60 s", 10], "10 per minute", "token-bucket"],
  ["tokenBucket", [1, "1 s", 60], "60 per minute", "token-bucket"],
] as const)("countingOf translates %s(%j) to %s", (way, values, text, algorithm) => {
  expect(countingOf(way, values, [])).toMatchObject({ text, algorithm });
});

test.each([
  ["slidingWindow", [undefined, "1 m"], ["MAX", '"1 m"'], "it depends on MAX"],
  ["slidingWindow", [10, "1 y"], [], '"1 y" is not a duration'],
  ["slidingWindow", [10, "500 ms"], [], "its window is 500 milliseconds"],
  ["fixedWindow", [10, "60 d"], [], "its window is 60 days"],
  ["fixedWindow", [0.5, "1 m"], [], "its limit is 0.5"],
  ["tokenBucket", [3, "10 s", 10], [], "a full bucket refills in 33333.3"],
  ["tokenBucket", [3, "10 s", "10"], [], "its third argument"],
] as const)(
  "countingOf returns the reason why %s(%j) has no rule",
  (way, values, texts, reason) => {
    expect(countingOf(way, values, texts)).toContain(reason);
  },
);
