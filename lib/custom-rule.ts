import { mustBe, wholeProblem } from "#lib/core/argument";
import { BoundedMap } from "#lib/core/bounded-map";
import { HeadgateError } from "#lib/core/errors";
import { compileAlone } from "#lib/policy/check/compile";
import { MAX_PRODUCT, MAX_WINDOW_MS, MIN_WINDOW_MS } from "#lib/policy/check/limit";
import { PolicyError } from "#lib/policy/errors";
import type { Match } from "#lib/policy/types";

/** No rule of a policy can have this name, since it contains a capital letter. */
const CUSTOM_RULE = "checkRateLimit";

/** The subject of such a rule: the key that the caller gives. */
export const CUSTOM_SUBJECT = "key";

/** Compiled limits of `checkRateLimit`: an app uses few limits and calls them often. */
const customRules = new BoundedMap<string, Match>(100);

/**
 * Returns a rule with one limit that no policy declares. It is checked as a policy's rules are.
 *
 * @param windowMs milliseconds
 * @throws {HeadgateError} LIMIT_BAD_ARGUMENT
 */
export function customRule(limit: number, windowMs: number): Match {
  // A policy's window may be text; this one must be a number.
  const problem =
    wholeProblem("limit", limit, 1) ??
    wholeProblem("windowMs", windowMs, MIN_WINDOW_MS, MAX_WINDOW_MS, "milliseconds");
  if (problem !== undefined) throw badArgument(problem);
  const id = `${limit} ${windowMs}`;
  const known = customRules.get(id);
  if (known) return known;
  try {
    const match = compileAlone(CUSTOM_RULE, CUSTOM_SUBJECT, { limit, window: windowMs });
    customRules.set(id, match);
    return match;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const most = Math.floor(MAX_PRODUCT / windowMs);
    throw badArgument(mustBe("limit", `at most ${most} in ${windowMs} milliseconds`, limit));
  }
}

/** Returns the error for an argument of `checkRateLimit`. */
export function badArgument(problem: string): HeadgateError {
  return new HeadgateError("LIMIT_BAD_ARGUMENT", `checkRateLimit: ${problem}`);
}
