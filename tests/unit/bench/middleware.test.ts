import { expect, test } from "vitest";
import { middlewareReport } from "../../bench/middleware.ts";

type Measured = Parameters<typeof middlewareReport>[0];

const row = (variant: "nothing" | "one", connections: number, toNothing: number) => ({
  variant,
  connections,
  requestsPerSecond: 900.4,
  p50: 1.04,
  p99: 20,
  toNothing,
  toUpstash: 2.064,
  toBatched: 0.914,
});
const cost = { calls: 0.134, commands: 4, bytes: 283.4 };
const MEASURED: Measured = {
  how: { rounds: 3, seconds: 2, connections: [1, 16] },
  rows: [row("nothing", 16, 1), row("one", 1, 0.471), row("one", 16, 1.3649)],
  wanted: [
    { of: "one", to: "nothing", connections: 1, least: 1, seen: 0.471, isMet: false },
    { of: "one", to: "nothing", connections: 16, least: 1, seen: 1.3649, isMet: true },
    { of: "one", to: "upstash", connections: 16, least: 2.5, seen: 2.064, isMet: false },
  ],
  tails: [{ of: "batched", to: "nothing", connections: 16, most: 1, seen: 0.8, isMet: true }],
  traffic: [{ variant: "one", one: { calls: 1, commands: 4, bytes: 718 }, sixteen: cost }],
};

test("middlewareReport makes tables, bars, and wanted figures by connections", () => {
  const { tables, wanted, figures, bars } = middlewareReport(MEASURED);
  expect(tables[0]?.rows[2]).toEqual([
    "Headgate, one rule",
    "headgate start",
    16,
    900,
    "1.36",
    "2.06",
    "1.0",
    "20.0",
    "0.91",
  ]);
  expect(tables[1]?.rows).toEqual([
    ["Headgate, one rule", "1.00", "4.00", 718, "0.13", "4.00", 283],
  ]);
  expect(wanted.map(({ wanted: bound, seen }) => [bound, seen.map(({ at }) => at)])).toEqual([
    [1, ["1 connection", "16 connections"]],
    [2.5, ["16 connections"]],
    [1, ["16 connections"]],
  ]);
  expect(wanted.at(-1)).toMatchObject({ is: "at most", seen: [{ value: 0.8 }] });
  expect(figures).toMatchObject({
    "one.16.toNothing": "1.36",
    "one.16.toBatched": "0.91",
    "one.calls16": "0.13",
  });
  expect(bars?.at(-1)).toEqual({ what: "Headgate, one rule", connections: 16, toNothing: 1.36 });
});
