import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  ALGORITHM_NAMES,
  ALGORITHMS,
  defaultAlgorithm,
  largestLimitOf,
} from "#lib/limit/algorithms/all";
import { compilePolicy } from "#lib/policy/check/compile";
import { ROOT } from "../../support/app.ts";
import {
  algorithmTable,
  defaultFor,
  figuresTable,
  refundTable,
} from "../../support/algorithm-tables.ts";
import { referenceOf } from "../../support/references.ts";

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");

describe("the registry of algorithms", () => {
  test("the registry has one line for each algorithm, in alphabetical order, with its file", () => {
    const lines = read("lib", "limit", "algorithms", "registry.ts").trim().split("\n").slice(1);
    const names = ALGORITHM_NAMES.toSorted();
    expect(lines).toEqual(
      names.map(
        (name) => `export { ${name.toUpperCase().replaceAll("-", "_")} } from "./${name}.ts";`,
      ),
    );
  });

  test("the registry has every file that defines an algorithm", () => {
    const files = readdirSync(join(ROOT, "lib", "limit", "algorithms"));
    const defining = files.filter((file) =>
      /: AlgorithmDefinition<"/.test(read("lib", "limit", "algorithms", file)),
    );
    expect(defining).toEqual(ALGORITHM_NAMES.map((name) => `${name}.ts`).toSorted());
  });

  test("algorithms are ordered by the limits for which they are the default, then by name", () => {
    expect(ALGORITHM_NAMES).toEqual([
      "sliding-log",
      "sliding-window",
      "fixed-window",
      "token-bucket",
    ]);
  });

  test("each form has a unique name, and each algorithm's first form has the algorithm's name", () => {
    const forms = ALGORITHMS.flatMap(({ lua, large }) => [lua, ...(large ? [large.lua] : [])]);
    expect(new Set(forms.map(({ name }) => name)).size).toBe(forms.length);
    expect(ALGORITHMS.map(({ lua }) => lua.name)).toEqual(ALGORITHM_NAMES);
  });

  test.each([
    [1, "sliding-log"],
    [100, "sliding-log"],
    [101, "sliding-window"],
    [Number.MAX_SAFE_INTEGER, "sliding-window"],
  ])("the default algorithm for a limit of %d is %s", (limit, name) => {
    expect(defaultAlgorithm(limit)).toBe(name);
    const windowMs = 1000;
    if (limit * windowMs > 2 ** 53) return;
    const policy = compilePolicy({
      rules: { it: { limits: { ip: { limit, window: windowMs } } } },
    });
    expect(policy.rules.get("it")?.limits[0]?.algorithm).toBe(name);
  });

  test.each(ALGORITHM_NAMES)("the algorithm %s admits at least the limit in a window", (name) => {
    for (const limit of [1, 2, 10_000]) {
      expect(referenceOf(name).mostInAWindow(limit)).toBeGreaterThanOrEqual(limit);
    }
  });

  test("only the algorithm with an entry for each unit bounds its limits", () => {
    expect(ALGORITHM_NAMES.map(largestLimitOf)).toEqual([10_000, Infinity, Infinity, Infinity]);
  });

  test("the error for an unknown algorithm has the names of all algorithms", () => {
    const other = { rules: { it: { limits: { ip: "5 per minute" }, algorithm: "other" } } };
    expect(() => compilePolicy(other)).toThrow(
      'must be "sliding-log", "sliding-window", "fixed-window" or "token-bucket"',
    );
  });
});

describe("the documentation of the algorithms", () => {
  test("docs/concepts/algorithms.md has the tables of the algorithms' files", () => {
    const page = read("docs", "concepts", "algorithms.md");
    expect(page).toContain(`\n\n${algorithmTable()}\n\n`);
    expect(page).toContain(`\n\n${refundTable()}\n\n`);
  });

  test("docs/reference/figures.md has the table of the algorithms' files", () => {
    expect(read("docs", "reference", "figures.md")).toContain(`\n${figuresTable()}\n\n`);
  });

  test.each([
    [
      "lib/policy/define.ts",
      `"sliding-log" for ${defaultFor("sliding-log")}, "sliding-window" above`,
    ],
    [
      "lib/policy/rule-input.ts",
      `with "sliding-log" at most ${thousands(largestLimitOf("sliding-log"))}`,
    ],
    ["docs/evidence/billed-commands.md", `the default for ${defaultFor("sliding-log")}`],
  ])("%s says: %s", (page, said) => {
    expect(read(page)).toContain(said);
  });
});

function thousands(number: number): string {
  return number.toLocaleString("en-US");
}
