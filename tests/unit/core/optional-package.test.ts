import { expect, test } from "vitest";
import { isInstalled, requireInstalled } from "#lib/core/installed";
import { packageMissing, standInFor } from "#lib/core/optional-package";

const message =
  "The package wasmoon is not installed, or too old. It is needed for the embedded store: npm install wasmoon@latest";

test("a stand-in throws PACKAGE_MISSING with what to install, called or made by new", () => {
  const standIn = standInFor("wasmoon");
  const expected = expect.objectContaining({ code: "PACKAGE_MISSING", message }) as Error;
  expect(() => standIn()).toThrow(expected);
  expect(() => Reflect.construct(standIn, [])).toThrow(expected);
});

test("requireInstalled and isInstalled tell a stand-in from what is there", () => {
  const standIn = standInFor("wasmoon");
  expect(isInstalled(standIn)).toBe(false);
  expect(() => requireInstalled(standIn)).toThrow(message);
  expect(isInstalled(Error)).toBe(true);
  expect(() => requireInstalled(Error)).not.toThrow();
});

test("packageMissing keeps its cause", () => {
  const cause = new Error("not found");
  expect(packageMissing("next", cause)).toMatchObject({ code: "PACKAGE_MISSING", cause });
});
