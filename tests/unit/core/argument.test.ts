import { describe, expect, test } from "vitest";
import { isWhole, textProblem, wholeForm, wholeProblem } from "#lib/core/argument";

describe("wholeProblem", () => {
  test.each<[unknown, string | undefined]>([
    [1, undefined],
    [9, undefined],
    [0, "0"],
    [10, "10"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    ["3", "a string"],
    [3n, "a bigint"],
    [null, "null"],
    [Object.create(null), "an object"],
    [undefined, "undefined"],
    [Symbol("3"), "a symbol"],
  ])("wholeProblem of %o is %s when 1 to 9 are allowed", (given, shown) => {
    const problem = shown && `pages must be a whole number from 1 to 9, but is ${shown}.`;
    expect(wholeProblem("pages", given, 1, 9)).toBe(problem);
    expect(isWhole(given, 1, 9)).toBe(problem === undefined);
  });

  test("wholeProblem and wholeForm name only the given bounds, and the unit", () => {
    expect(wholeProblem("cost", 0, 1)).toBe("cost must be a whole number from 1, but is 0.");
    expect(wholeProblem("cost", Number.MAX_SAFE_INTEGER, 1)).toBeUndefined();
    expect(wholeProblem("cost", 2 ** 53, 1)).toBe(
      `cost must be ${wholeForm(1)}, but is ${2 ** 53}.`,
    );
    expect(wholeForm(10, 20, "bytes")).toBe("a whole number of bytes from 10 to 20");
  });
});

describe("textProblem", () => {
  test.each<[unknown, string | undefined]>([
    ["a", undefined],
    ["", "owner must be text of at least one character, but is empty."],
    [7, "owner must be text, but is a number."],
    [null, "owner must be text, but is null."],
  ])("textProblem of %j is %s", (given, problem) => {
    expect(textProblem("owner", given)).toBe(problem);
  });
});
