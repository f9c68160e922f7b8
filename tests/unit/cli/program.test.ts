import { afterEach, describe, expect, test, vi } from "vitest";
import { defineProgram } from "#lib/cli/program";
import { HeadgateError } from "#lib/core/errors";

afterEach(() => vi.restoreAllMocks());

test("defineProgram accepts an option of two words", async () => {
  const found: unknown[] = [];
  const aside = defineProgram({
    name: "aside",
    help: "aside --set-aside",
    args: { "set-aside": { type: "boolean" } },
    run: async (given) => void found.push(given["set-aside"]),
  });
  expect(await aside(["--set-aside"])).toBe(0);
  expect(found).toEqual([true]);
});

describe("a program that throws", () => {
  const failing = (error: Error, failed?: 1 | 2) => {
    const run = async () => {
      throw error;
    };
    return defineProgram({ name: "fail", help: "fail", args: {}, failed, run });
  };

  test.each([
    [
      "a HeadgateError without a stack",
      new HeadgateError("STORE_NOT_FOUND", "There is no store."),
      "STORE_NOT_FOUND: There is no store.",
    ],
    // Node prints the stack of an error object.
    ["another error with its stack", new TypeError("x is not a function"), undefined],
  ])("defineProgram prints %s", async (_, error, text) => {
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await failing(error)([])).toBe(1);
    expect(print.mock.calls).toEqual([[text ?? error]]);
  });

  test("the status of a failure is the one that the program names", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await failing(new TypeError("x is not a function"), 2)([])).toBe(2);
  });
});
