import { parse, tokensToRegexp } from "path-to-regexp";
import type { CompiledRule } from "#lib/policy/types";

/** The request that shows a rule at work. */
export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  /** Whether the rule decides for whoever sends it, so that its limits are in the answer's headers. */
  readonly isHeld: boolean;
}

/** What a parameter is filled with: the first of these that its own expression takes. */
const SAMPLES = ["1", "x", "en", "2026-01-01"];

/**
 * A request that a rule applies to: its first path, with its first method. GET where it names none,
 * so that a demonstration changes nothing. Undefined where the rule has no path, or a path whose
 * parameters are beyond our samples.
 */
export function sampleRequest(rule: CompiledRule): SampleRequest | undefined {
  const [pattern] = rule.match;
  const path = pattern === undefined ? undefined : samplePath(pattern);
  const [method = "GET"] = rule.methods ?? [];
  return path === undefined ? undefined : { method, path, isHeld: rule.enforced === 100 };
}

/** A path that a pattern in path-to-regexp 6's form describes; optional parameters are left out. */
export function samplePath(pattern: string): string | undefined {
  const tokens = parse(pattern, { delimiter: "/" });
  const parts = tokens.map((token) => {
    if (typeof token === "string") return token;
    if (token.modifier === "*" || token.modifier === "?") return "";
    const own = new RegExp(`^(?:${token.pattern})$`, "i");
    const choices = [...SAMPLES, ...token.pattern.split("|")];
    return `${token.prefix}${choices.find((text) => own.test(text)) ?? ""}${token.suffix}`;
  });
  const path = parts.join("") || "/";
  return tokensToRegexp(tokens, undefined, { delimiter: "/" }).test(path) ? path : undefined;
}
