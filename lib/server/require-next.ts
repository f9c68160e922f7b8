import { createRequire } from "node:module";
import { join } from "node:path";
import { packageMissing } from "#lib/core/optional-package";

/**
 * Returns the `require` that finds an app's own Next. It resolves from the app's folder, since some package
 * managers isolate packages, so that this package cannot resolve Next itself.
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

/** Returns this package's own `require`, for a folder without an app, such as one whose variables are read. */
function requireFromHere(): NodeJS.Require {
  const own = createRequire(import.meta.url);
  try {
    own.resolve("next/package.json");
    return own;
  } catch (cause) {
    throw packageMissing("next", cause);
  }
}
