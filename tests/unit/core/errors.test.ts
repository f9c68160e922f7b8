import { beforeAll, expect, test, vi } from "vitest";
import { printError } from "#lib/core/print-error";
import { HeadgateError, isHeadgateError } from "#lib/core/errors";
import { SettingsError } from "#lib/core/settings";
import { PolicyError } from "#lib/policy/errors";
import { isStoreFailure, StoreError } from "#lib/redis/errors";

/** Classes of a second copy of the package. */
interface Copy {
  readonly HeadgateError: typeof HeadgateError;
  readonly SettingsError: typeof SettingsError;
  readonly PolicyError: typeof PolicyError;
  readonly StoreError: typeof StoreError;
}

let other: Copy;

beforeAll(async () => {
  vi.resetModules();
  const errors = await import("#lib/core/errors");
  const settings = await import("#lib/core/settings");
  const policy = await import("#lib/policy/errors");
  const redis = await import("#lib/redis/errors");
  other = { ...errors, ...settings, ...policy, ...redis };
});

test("an error of another copy of the package is an error of ours", () => {
  expect(other.HeadgateError).not.toBe(HeadgateError);
  const error: unknown = new other.HeadgateError("LOCK_LOST", "The lock was lost.");
  expect(isHeadgateError(error)).toBe(true);
  expect(error).toBeInstanceOf(HeadgateError);
  expect(new HeadgateError("LOCK_LOST", "The lock was lost.")).toBeInstanceOf(other.HeadgateError);
});

test("instanceof is true for the same class of another copy, and false for other classes", () => {
  const errors = [
    new other.StoreError("STORE_TIMEOUT", "GET: no answer."),
    new other.PolicyError([]),
    new other.SettingsError({ PORT: "a number" }),
  ];
  const classesOf = (error: unknown) =>
    [StoreError, PolicyError, SettingsError, HeadgateError].filter((one) => error instanceof one);
  expect(errors.map(classesOf)).toEqual([
    [StoreError, HeadgateError],
    [PolicyError, HeadgateError],
    [SettingsError, HeadgateError],
  ]);
  expect(errors.map(isStoreFailure)).toEqual([true, false, false]);
});

test("a base error is no instance of a class that extends it", () => {
  expect(new HeadgateError("STORE_TIMEOUT", "No answer.")).not.toBeInstanceOf(StoreError);
});

test("instanceof of an app's class that extends ours is true for its own instances only", () => {
  class OwnError extends HeadgateError {}
  const own = new OwnError("CLI_USAGE", "The app's own.");
  expect(own).toBeInstanceOf(OwnError);
  expect(own).toBeInstanceOf(other.HeadgateError);
  expect(new HeadgateError("CLI_USAGE", "Ours.")).not.toBeInstanceOf(OwnError);
});

test.each([
  undefined,
  null,
  "LOCK_LOST",
  new Error("LOCK_LOST"),
  { code: "LOCK_LOST" },
  () => {},
  { [Symbol.for("headgate.error")]: 1 },
])("%s is no error of ours", (value: unknown) => {
  expect(isHeadgateError(value)).toBe(false);
  expect(value).not.toBeInstanceOf(HeadgateError);
});

test("an error of another copy of the package is printed by its code, without a stack", () => {
  const write = vi.spyOn(console, "error").mockImplementation(() => {});
  printError(new other.HeadgateError("BUILD_FAILED", "next build failed."));
  expect(write.mock.calls).toEqual([["BUILD_FAILED: next build failed."]]);
  write.mockRestore();
});

test("the brand of an error is not printed with the error", () => {
  expect(Object.keys(new HeadgateError("LOCK_LOST", "Lost."))).toEqual(["code", "name"]);
});
