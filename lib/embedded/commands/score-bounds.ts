import type { Bytes } from "../bytes.ts";
import { CommandError } from "../errors.ts";
import { strtod } from "../numbers.ts";
import type { ScoreBound } from "../sorted-set.ts";

/**
 * The ends of a range of scores, such as `1` and `(5`, which leaves 5 out.
 *
 * @throws {CommandError} as Redis words it
 */
export function readBounds(min: Bytes, max: Bytes): readonly [ScoreBound, ScoreBound] {
  return [readBound(min), readBound(max)];
}

function readBound(text: Bytes): ScoreBound {
  const isOpen = text.startsWith("(");
  // Nothing at all is 0, as strtod has it.
  const score = strtod((isOpen ? text.slice(1) : text) || "0");
  if (score === undefined) throw new CommandError("ERR min or max is not a float");
  return { score, isOpen };
}
