import type { Bytes } from "../bytes.ts";
import type { Context } from "../command.ts";
import { CommandError, SYNTAX } from "../errors.ts";
import { readInteger, writeDouble } from "../numbers.ts";
import type { Result } from "../result.ts";
import type { Scored, SortedSet } from "../sorted-set.ts";
import { places } from "./places.ts";
import { readBounds } from "./score-bounds.ts";

interface Options {
  readonly reversed: boolean;
  readonly byScore: boolean;
  readonly withScores: boolean;
  readonly limit: { readonly skip: number; readonly most: number } | undefined;
}

type Run = (args: readonly Bytes[], context: Context) => Result;

/**
 * Returns the command `ZRANGE key first last [BYSCORE] [REV] [LIMIT skip most] [WITHSCORES]`, or ZREVRANGE,
 * which has only WITHSCORES.
 */
export function zrange({ reversed }: { reversed: boolean }): Run {
  return ([key = "", first = "", last = "", ...words], { keys }) => {
    const options = readOptions(words, { reversed, takes: reversed ? "" : "BYSCORE REV LIMIT" });
    if (options.limit && !options.byScore) {
      throw new CommandError(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
      );
    }
    if (options.byScore) return byScore([key, first, last], options, keys);
    const [from, to] = [readInteger(first), readInteger(last)];
    const set = keys.sortedSet(key);
    if (!set) return [];
    const [start, end] = places(from, to, set.size);
    return answer(pick(set, start, end, options.reversed), options);
  };
}

/**
 * Returns the command `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT skip most]`, or ZREVRANGEBYSCORE, which
 * has max before min.
 */
export function zrangebyscore({ reversed }: { reversed: boolean }): Run {
  return ([key = "", first = "", last = "", ...words], { keys }) => {
    const options = readOptions(words, { reversed, takes: "LIMIT" });
    return byScore([key, first, last], { ...options, byScore: true }, keys);
  };
}

function readOptions(
  given: readonly Bytes[],
  { reversed, takes }: { reversed: boolean; takes: string },
): Options {
  const allowed = new Set(["WITHSCORES", ...takes.split(" ")]);
  const found = new Set<string>();
  let limit: Options["limit"];
  for (let at = 0; at < given.length; at += 1) {
    const word = given[at]?.toUpperCase() ?? "";
    if (!allowed.has(word) || word === "") throw new CommandError(SYNTAX);
    found.add(word);
    if (word !== "LIMIT") continue;
    const [skip, most] = given.slice(at + 1, at + 3);
    if (skip === undefined || most === undefined) throw new CommandError(SYNTAX);
    limit = { skip: readInteger(skip), most: readInteger(most) };
    at += 2;
  }
  return {
    reversed: reversed || found.has("REV"),
    byScore: found.has("BYSCORE"),
    withScores: found.has("WITHSCORES"),
    limit,
  };
}

function byScore(
  [key, first, last]: readonly [Bytes, Bytes, Bytes],
  options: Options,
  keys: Context["keys"],
): Result {
  const bounds = options.reversed ? readBounds(last, first) : readBounds(first, last);
  const set = keys.sortedSet(key);
  if (!set) return [];
  const { skip, most } = options.limit ?? { skip: 0, most: -1 };
  if (skip < 0) return [];
  const [start, end] = set.places(...bounds);
  const count = most < 0 ? end - start : most;
  if (options.reversed) {
    const from = Math.max(start, end - skip - count);
    return answer(set.slice(from, Math.max(from, end - skip)).toReversed(), options);
  }
  return answer(set.slice(start + skip, Math.min(end, start + skip + count)), options);
}

/** Returns the members between two places. With `reversed` places count from the highest score. */
function pick(set: SortedSet, start: number, end: number, reversed: boolean): readonly Scored[] {
  return reversed
    ? set.slice(set.size - end, set.size - start).toReversed()
    : set.slice(start, end);
}

function answer(found: readonly Scored[], { withScores }: Options): Result {
  if (!withScores) return found.map(({ member }) => member);
  return found.flatMap(({ member, score }) => [member, writeDouble(score)]);
}
