import { createRequire } from "node:module";
import { join } from "node:path";
import { packageMissing } from "#lib/core/optional-package";

/**
 * Returns the `require` that finds an app's own Next. It is asked from the app's folder: a package manager
 * that keeps packages apart gives this package no Next.
 *
 * @param root the app's folder
 * @throws {HeadgateError} PACKAGE_MISSING
 * @example
 * const next = requireNext("/app")("next");
 */
export function requireNext(root: string): NodeJS.Require {
  const ofApp = createRequire(join(root, "package.json"));
  try {
    ofApp.resolve("next/package.json");
    return ofApp;
  } catch {
    return requireFromHere();
  }
}

/** Of a folder that holds no app, such as one that a program reads variables of. */
function requireFromHere(): NodeJS.Require {
  const own = createRequire(import.meta.url);
  try {
    own.resolve("next/package.json");
    return own;
  } catch (cause) {
    throw packageMissing("next", cause);
  }
}
