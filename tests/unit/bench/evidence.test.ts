import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { drawMiddlewares } from "../../pictures/middlewares.ts";
import { byHand, fillPage } from "../../bench/report/evidence.ts";
import { ORDER } from "../../bench/report/order.ts";
import { pagesOf, readSaved } from "../../bench/report/saved.ts";
import type { Saved } from "../../bench/report/types.ts";
import { ROOT } from "../../support/app.ts";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const saved = readSaved(ROOT);
const pages = pagesOf(ROOT).filter((page) => /<!-- (?:bench|f):/.test(read(page)));

describe("the benchmark in the docs", () => {
  // `npm run bench -- --docs` writes these figures from docs/evidence/figures.
  test.each(pages)("%s has the saved figures of the benchmark, and no others", (page) => {
    expect(fillPage(read(page), saved)).toBe(read(page));
  });

  test("every part of the benchmark is in one page, and the picture shows the saved figures", () => {
    const blocks = pages.flatMap((page) =>
      [...read(page).matchAll(/^<!-- bench:([\w-]+) -->$/gm)].map(([, part]) => part),
    );
    expect(blocks).toHaveLength(ORDER.length + 1);
    expect(new Set(blocks)).toEqual(new Set([...ORDER, "summary"]));
    const [drawn, ...others] = saved.filter(({ bars }) => bars !== undefined);
    expect(others).toEqual([]);
    const picture = drawMiddlewares({ ...(drawn as Saved), bars: drawn?.bars ?? [] });
    expect(picture).toBe(read("docs/pictures/middlewares.svg"));
  });

  test.each([
    "performance",
    "gate",
    "gate-store",
    "gate-time",
    "workerd",
    "billed-commands",
    "redis-time",
    "tools",
    "memory",
    "first-denial",
  ])("docs/evidence/%s.md has no measured figure outside its markers", (page) => {
    const prose = byHand(read(`docs/evidence/${page}.md`))
      .replaceAll(/`[^`]*`|\]\([^)]*\)|^#.*$/gm, "")
      .match(/\d+\.\d+|\d+ (?:ms|µs|kB|MB|s|seconds|times|%|requests)\b/g);
    expect(prose).toBeNull();
  });
});

const PART: Saved = {
  part: "gate",
  command: "npm run bench -- --only gate",
  date: "2026-11-30",
  commit: "abc1234",
  machine: "2 × Test",
  versions: ["Node 24"],
  tables: [{ title: "Microseconds:", head: ["what", "µs"], rows: [["a request", "16.1"]] }],
  wanted: [
    { what: "a request", is: "at most", wanted: 10, unit: "µs", seen: [{ at: "", value: 16.1 }] },
  ],
  figures: { "one.rule": "16.1" },
};

const PAGE = `# Speed
Before <!-- f:gate.one.rule --><!-- / --> µs.

<!-- bench:gate -->
| typed by hand | 3 |
<!-- /bench -->

<!-- bench:summary -->
<!-- /bench -->

<!-- bench:locks -->
<!-- /bench -->
`;

describe("a page with markers", () => {
  const filled = fillPage(PAGE, [PART]);

  test("fillPage puts the tables between the markers, with commit, day, machine and command", () => {
    expect(filled).toBe(`# Speed
Before <!-- f:gate.one.rule -->16.1<!-- / --> µs.

<!-- bench:gate -->
Measured on 2026-11-30 at commit \`abc1234\` by \`npm run bench -- --only gate\`, on 2 × Test; Node 24.

0 of the 1 wanted figures are met:

| what | wanted | measured |  |
| --- | --- | --- | --- |
| a request | at most 10 µs | 16.10 | missed |

Microseconds:

| what | µs |
| --- | --- |
| a request | 16.1 |
<!-- /bench -->

<!-- bench:summary -->
0 of the 1 wanted figures are met. Missed:

- \`gate\`: a request: 16.10, wanted at most 10 µs
<!-- /bench -->

<!-- bench:locks -->
Not measured yet: \`npm run bench -- --only locks --save\` does it.
<!-- /bench -->
`);
    expect(fillPage(filled, [PART])).toBe(filled);
  });

  test.each([
    ["| a request | 16.1 |", "| a request | 6.1 |"],
    ["-->16.1<", "-->6.1<"],
    ["at commit `abc1234`", "at commit `fff0000`"],
    ["0 of the 1 wanted figures are met. Missed", "1 of the 1 wanted figures are met. Missed"],
  ])("fillPage replaces an edit of %s", (from, to) => {
    const edited = filled.replace(from, to);
    expect(edited).not.toBe(filled);
    expect(fillPage(edited, [PART])).toBe(filled);
  });

  test.each([
    ["<!-- f:gate.two.rules -->1<!-- / -->", "No figure two.rules of the part gate is saved."],
    ["<!-- f:locks.p50 -->1<!-- / -->", "No figure p50 of the part locks is saved."],
    ["<!-- bench:gate -->\n| a | b |\n", "has no end"],
    ["<!-- f:gate.one.rule -->1\n", "has no end"],
  ])("fillPage rejects the marker %j", (text, message) => {
    expect(() => fillPage(text, [PART])).toThrow(message);
  });
});
