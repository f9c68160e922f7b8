import { expect, test } from "vitest";
import { type Row, toolsReport } from "../../bench/tools.ts";

const row = (short: string, callers: number, p50: number[], p95: number[]): Row => ({
  what: short,
  short,
  by: "REST",
  callers,
  p50Ms: { PING: undefined, limit: 10, dedup: 5, lock: 15 }[short],
  isBase: short === "PING",
  p50,
  p95,
  p99: p95,
  toPing: [1, 1.5],
});

const ROWS = [
  row("PING", 20, [90, 90], [90, 90]),
  row("limit", 20, [4, 9.9], [15, 19]),
  row("dedup", 20, [2, 5.1], [15, 19]),
  row("lock", 20, [8, 9], [15, 19]),
];

test("the slowest run must meet the requirements, and a PING has no bound", () => {
  const { wanted, figures, tables } = toolsReport(ROWS, { rounds: 2, calls: 10 });
  const of20 = wanted.filter(({ what }) => what.includes("by REST, 20 callers"));
  expect(of20.map(({ wanted: bound, seen }) => [bound, seen])).toEqual([
    [10, [{ at: "limit", value: 9.9 }]],
    [5, [{ at: "dedup", value: 5.1 }]],
    [15, [{ at: "lock", value: 9 }]],
    [20, ["limit", "dedup", "lock"].map((at) => ({ at, value: 19 }))],
  ]);
  expect(figures).toMatchObject({
    "twenty.limits": "met",
    "twenty.dedup": "missed",
    "twenty.locks": "met",
    "twenty.p95": "met",
    "twenty.all": "not all met",
  });
  expect(tables[0]?.rows[1]).toEqual([
    "limit",
    "REST",
    20,
    "4.0 9.9",
    "15.0 19.0",
    "15.0 19.0",
    "1.25",
  ]);
});
