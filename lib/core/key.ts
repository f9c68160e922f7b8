import { textProblem } from "./argument.ts";

/**
 * Returns why a value cannot be a key; undefined for text that is not empty. An empty text usually stands
 * for a missing id, and all callers without an id would share one count, event or lock. A number or null
 * would be hashed as its text, which is another key.
 *
 * @example
 * keyProblem(""); // "key is empty; allowed: text of at least one character."
 */
export function keyProblem(key: unknown): string | undefined {
  return textProblem("key", key);
}
