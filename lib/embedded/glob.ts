import type { Bytes } from "./bytes.ts";
import { CommandError } from "./errors.ts";

/** How many steps all matches of one command may take, in addition to one pass over each text. */
const MOST_STEPS = 10_000_000;
/** A set up to this length, such as [0-9a-f], counts as part of the step that matches its byte. */
const SHORT_SET = 32;

/** The number of steps that are left. */
interface Budget {
  steps: number;
}

/**
 * Returns a function that matches text against a glob pattern of Redis: * ? [a-z] [^a] and \ before a literal
 * character. Only the last * is ever tried again, so that a match takes at most the product of both lengths
 * in steps.
 *
 * The function throws a CommandError when the sum of its matches takes too many steps.
 */
export function globMatcher(pattern: Bytes): (text: Bytes) => boolean {
  const budget = { steps: MOST_STEPS };
  return (text) => matches(pattern, text, budget);
}

function matches(pattern: Bytes, text: Bytes, budget: Budget): boolean {
  let [p, t] = [0, 0];
  let [starAt, textAtStar] = [-1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") {
      [starAt, textAtStar] = [p, t];
      p += 1;
      if (p === pattern.length) return true;
      continue;
    }
    const after = p < pattern.length ? matchOne(pattern, p, text.charCodeAt(t), budget) : -1;
    if (after !== -1) {
      p = after;
      t += 1;
    } else if (starAt !== -1) {
      spend(t - textAtStar, budget);
      textAtStar += 1;
      [p, t] = [starAt + 1, textAtStar];
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p >= pattern.length;
}

/** Returns the place in the pattern after a match of one byte, or -1 when the byte does not match. */
function matchOne(pattern: Bytes, at: number, byte: number, budget: Budget): number {
  const first = pattern[at];
  if (first === "?") return at + 1;
  if (first === "[") return matchSet(pattern, at + 1, byte, budget);
  const literal = first === "\\" && at + 1 < pattern.length ? at + 1 : at;
  return pattern.charCodeAt(literal) === byte ? literal + 1 : -1;
}

function matchSet(pattern: Bytes, start: number, byte: number, budget: Budget): number {
  const isNegated = pattern[start] === "^";
  let at = isNegated ? start + 1 : start;
  let found = false;
  while (at < pattern.length && pattern[at] !== "]") {
    if (pattern[at] === "\\" && at + 1 < pattern.length) at += 1;
    const from = pattern.charCodeAt(at);
    const isRange = pattern[at + 1] === "-" && at + 2 < pattern.length;
    const to = isRange ? pattern.charCodeAt(at + 2) : from;
    if (byte >= Math.min(from, to) && byte <= Math.max(from, to)) found = true;
    at += isRange ? 3 : 1;
  }
  spend(Math.max(0, at - start - SHORT_SET), budget);
  return found === isNegated ? -1 : at + 1;
}

function spend(steps: number, budget: Budget): void {
  budget.steps -= steps;
  if (budget.steps < 0) throw new CommandError("ERR the pattern takes too many steps to match");
}
