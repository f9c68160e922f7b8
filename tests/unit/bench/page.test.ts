import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { type Outcome, renderPage } from "../../bench/report/page.ts";
import { isMet, shownOf } from "../../bench/report/wanted.ts";
import type { Wanted } from "../../bench/report/types.ts";

const RATIO: Wanted = {
  what: "one rule, to do-nothing",
  is: "at least",
  wanted: 1,
  seen: [
    { at: "1 connection", value: 0.471 },
    { at: "16 connections", value: 1.36 },
  ],
};
const OUTCOMES: readonly Outcome[] = [
  { name: "middleware", what: "the gate", report: { tables: [], wanted: [RATIO] } },
  {
    name: "profile",
    what: "functions",
    report: { tables: [{ title: "", head: ["a"], rows: [["b"], ["c"]] }], wanted: [] },
  },
  { name: "delay", what: "far away", unmeasured: "it needs wrk", hasFailed: false },
];

test("the page has the wanted and the measured figures, and names the missed ones", () => {
  expect(renderPage(OUTCOMES, false)).toBe(`middleware: the gate
  one rule, to do-nothing (at least 1): 1 connection 0.47 missed; 16 connections 1.36 met

profile: functions
  measured, 2 rows; no figure is wanted of it

delay: far away
  not measured: it needs wrk

1 of 2 wanted figures are met. Missed:
  one rule, to do-nothing, 1 connection: 0.47, wanted at least 1
Not measured: delay.
`);
});

test("many met figures are shown as a range, and a long line is broken between words", () => {
  const pageOf = (values: readonly number[]) => {
    const seen = values.map((value, i) => ({ at: `algorithm number ${i + 1}`, value }));
    const wanted: Wanted[] = [{ what: "Redis CPU", is: "at most", wanted: 1.5, seen }];
    const report = { tables: [], wanted };
    return renderPage([{ name: "redis", what: "costs", report }], true);
  };
  expect(pageOf([1.01, 0.9, 1.2, 1.1])).toContain("0.90 to 1.20, all 4 ");
  const lines = stripVTControlCharacters(pageOf([1.01, 1.6, 1.2, 1.1])).split("\n");
  expect(lines.slice(1, 3)).toEqual([
    "  Redis CPU (at most 1.5): algorithm number 1 1.01 met; algorithm number 2 1.60 missed; algorithm",
    "      number 3 1.20 met; algorithm number 4 1.10 met",
  ]);
});

test("the page is colored on a terminal, with the same text", () => {
  const colored = renderPage(OUTCOMES, true);
  expect(colored).toContain("\x1b[31mmissed\x1b[0m");
  expect(colored).toContain("\x1b[32mmet\x1b[0m");
  expect(stripVTControlCharacters(colored)).toBe(renderPage(OUTCOMES, false));
});

test.each([
  ["at least", 1, 1, true],
  ["at least", 1, 0.999, false],
  ["at most", 34, 34, true],
  ["at most", 34, 34.1, false],
  ["under", 20, 20, false],
  ["under", 20, 19.9, true],
  ["at most", 1, null, false],
  ["at most", 1, Number.NaN, false],
] as const)(
  "a figure that is wanted %s %d and measured as %d is met: %s",
  (is, wanted, value, met) => {
    const seen = { at: "", value };
    expect(isMet({ what: "", is, wanted, seen: [seen] }, seen)).toBe(met);
  },
);

test.each([
  [0.9684, "0.9684"],
  [0.9746, "0.97"],
  [1, "1"],
  [0.4, "0.40"],
  [850.4, "850"],
  [null, "–"],
])("a figure of %d, wanted at least 0.97, is shown as %s", (value, text) => {
  expect(shownOf({ what: "", is: "at least", wanted: 0.97, seen: [] }, { at: "", value })).toBe(
    text,
  );
});
