import type { Bytes } from "../bytes.ts";
import { CommandError } from "../errors.ts";
import { strtod } from "../numbers.ts";
import type { ScoreBound } from "../sorted-set.ts";

/**
 * Reads the ends of a range of scores, such as `1` and `(5`, which excludes 5.
 *
 * @throws {CommandError} as Redis words it
 */
export function readBounds(min: Bytes, max: Bytes): readonly [ScoreBound, ScoreBound] {
  return [readBound(min), readBound(max)];
}

function readBound(text: Bytes): ScoreBound {
  const isOpen = text.startsWith("(");
  // Empty text is 0, as in strtod of C.
  const score = strtod((isOpen ? text.slice(1) : text) || "0");
  if (score === undefined) throw new CommandError("ERR min or max is not a float");
  return { score, isOpen };
}
