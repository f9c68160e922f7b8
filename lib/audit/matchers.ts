import { HeadgateError } from "#lib/core/errors";
import type { BuiltMatcher } from "./schemas.ts";

/**
 * Returns a function that checks whether the middleware runs for a path, like Next's router: with the path as
 * it was sent, and decoded. Conditions count as true, because a matcher with conditions is a finding itself.
 *
 * @throws {HeadgateError} AUDIT_FAILED for an invalid expression
 */
export function matcherTest(matchers: readonly BuiltMatcher[]): (path: string) => boolean {
  const expressions = matchers.map(({ regexp }) => expressionOf(regexp));
  return (path) => {
    const forms = [path, decoded(path)];
    return expressions.some((expression) => forms.some((form) => expression.test(form)));
  };
}

/** Compiles an expression of a manifest. */
export function expressionOf(source: string, flags = ""): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (cause) {
    throw new HeadgateError(
      "AUDIT_FAILED",
      `The build has an expression that cannot be read: ${source}. Build again.`,
      { cause },
    );
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
