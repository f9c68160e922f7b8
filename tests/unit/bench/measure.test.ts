import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Bench, measureParts } from "../../bench/measure.ts";
import { readOptions } from "../../bench/options.ts";
import type { Part } from "../../bench/parts.ts";
import { expectCommitted } from "../../bench/report/origin.ts";
import { renderPage } from "../../bench/report/page.ts";
import { readSaved } from "../../bench/report/saved.ts";
import type { Report } from "../../bench/report/types.ts";

const PAGE = "docs/evidence/performance.md";

function newTree(): string {
  const root = mkdtempSync(join(tmpdir(), "bench-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "docs", "evidence"), { recursive: true });
  const blocks = ["gate", "live", "locks"].map((name) => `<!-- bench:${name} -->\n<!-- /bench -->`);
  writeFileSync(join(root, PAGE), `${blocks.join("\n")}\n`);
  return root;
}

const reportOf = (figure: string): Report => ({
  tables: [{ title: "Measured:", head: ["figure"], rows: [[figure]] }],
  wanted: [],
  data: { rounded: false },
});

const partOf = (measure: Part["measure"]): Part => ({
  what: "a part of the test",
  minutes: 0.1,
  defaults: { rounds: 3 },
  measure,
});

function benchOf(root: string, commit: string, parts: Bench["parts"]): Bench {
  return { root, parts, origin: { commit, date: "2026-11-30", machine: "1 × Test", versions: [] } };
}

const read = (root: string, file: string) => readFileSync(join(root, file), "utf8");

test("a part that fails does not affect the others, and is named as not measured", async () => {
  const root = newTree();
  const parts = {
    gate: partOf(() => reportOf("7.5")),
    live: partOf(() => Promise.reject(new Error("the store was unavailable"))),
    locks: partOf(() => {
      // Earlier reports are already saved.
      expect(read(root, PAGE)).toContain("| 7.5 |");
      return reportOf("9.5");
    }),
  };
  const options = readOptions(["--only", "gate,live,locks", "--save", "--rounds", "2"]);
  const outcomes = await measureParts(benchOf(root, "aaa1111", parts), options);
  expect(outcomes.map((outcome) => "hasFailed" in outcome && outcome.hasFailed)).toEqual([
    false,
    true,
    false,
  ]);
  expect(renderPage(outcomes, false)).toContain("not measured: the store was unavailable");
  expect(readSaved(root).map(({ part }) => part)).toEqual(["gate", "locks"]);
  expect(readSaved(root)[0]).not.toHaveProperty("data");
  expect(read(root, PAGE)).toContain("| 9.5 |");
  expect(read(root, PAGE)).toContain("`npm run bench -- --only gate --rounds 2`");
  const kept = JSON.parse(read(root, ".headgate/bench.json")) as { parts: Record<string, object> };
  expect(Object.keys(kept.parts)).toEqual(["gate", "live", "locks"]);
  expect(kept.parts["gate"]).toMatchObject({ report: { data: { rounded: false } } });
});

test("only measured parts are saved, and others keep their figures and their commit", async () => {
  const root = newTree();
  const run = (commit: string, only: string, figure: string) =>
    measureParts(
      benchOf(root, commit, {
        gate: partOf(() => reportOf(figure)),
        locks: partOf(() => reportOf(figure)),
      }),
      readOptions(["--only", only, "--save"]),
    );
  await run("aaa1111", "gate,locks", "1.5");
  await run("bbb2222", "locks", "2.5");
  expect(readSaved(root).map(({ part, commit }) => [part, commit])).toEqual([
    ["gate", "aaa1111"],
    ["locks", "bbb2222"],
  ]);
  const page = read(root, PAGE);
  expect(page.indexOf("| 1.5 |")).toBeGreaterThan(page.indexOf("bench:gate"));
  expect(page.indexOf("| 2.5 |")).toBeGreaterThan(page.indexOf("bench:locks"));
});

test("without --save nothing is written into the docs", async () => {
  const root = newTree();
  const before = read(root, PAGE);
  const parts = { gate: partOf(() => reportOf("1.5")) };
  await measureParts(benchOf(root, "aaa1111", parts), readOptions(["--only", "gate"]));
  expect(read(root, PAGE)).toBe(before);
  expect(readSaved(root)).toEqual([]);
  expect(existsSync(join(root, ".headgate", "bench.json"))).toBe(true);
});

test("a part without its program is reported as not measured, and fails the command when it was named", async () => {
  vi.stubEnv("PATH", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  const measure = vi.fn<Part["measure"]>();
  const parts = { gate: { ...partOf(measure), needs: "wrk" as const } };
  const bench = benchOf(newTree(), "aaa1111", parts);
  for (const args of [[], ["--only", "gate"]]) {
    const [outcome] = await measureParts(bench, readOptions(args));
    expect(outcome).toMatchObject({
      unmeasured: "it needs wrk; on Debian or Ubuntu: sudo apt-get install wrk",
      hasFailed: args.length > 0,
    });
  }
  expect(measure).not.toHaveBeenCalled();
});

test("figures of files that are not committed are not saved; the docs may differ", () => {
  const root = newTree();
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: root,
    });
  git("init", "-q");
  writeFileSync(join(root, "code.ts"), "export {};\n");
  git("add", ".");
  git("commit", "-qm", "first");
  writeFileSync(join(root, PAGE), "another page\n");
  writeFileSync(join(root, "README.md"), "read me\n");
  expect(() => expectCommitted(root)).not.toThrow();
  writeFileSync(join(root, "code.ts"), "export const changed = true;\n");
  writeFileSync(join(root, "new.ts"), "export {};\n");
  expect(() => expectCommitted(root)).toThrow(
    "these files are not committed: code.ts, new.ts. Commit them, or measure without --save.",
  );
});
