import { expect, test } from "vitest";
import { isInstalled, requireInstalled } from "#lib/core/installed";
import { packageMissing, standInFor } from "#lib/core/optional-package";

const message =
  "The package wasmoon is not installed, or too old. It is needed for the embedded store: npm install wasmoon@latest";

test("a stand-in throws PACKAGE_MISSING with the package to install, when called or constructed", () => {
  const standIn = standInFor("wasmoon");
  const expected = expect.objectContaining({ code: "PACKAGE_MISSING", message }) as Error;
  expect(() => standIn()).toThrow(expected);
  expect(() => Reflect.construct(standIn, [])).toThrow(expected);
});

test("requireInstalled and isInstalled distinguish a stand-in from a real export", () => {
  const standIn = standInFor("wasmoon");
  expect(isInstalled(standIn)).toBe(false);
  expect(() => requireInstalled(standIn)).toThrow(message);
  expect(isInstalled(Error)).toBe(true);
  expect(() => requireInstalled(Error)).not.toThrow();
});

test("the error of packageMissing has its cause", () => {
  const cause = new Error("not found");
  expect(packageMissing("next", cause)).toMatchObject({ code: "PACKAGE_MISSING", cause });
});
