import type { Bytes } from "../bytes.ts";
import type { Context } from "../command.ts";
import { CommandError, SYNTAX } from "../errors.ts";
import { readDouble, writeDouble } from "../numbers.ts";
import type { Result } from "../result.ts";
import { SortedSet } from "../sorted-set.ts";

const OPTIONS = new Set(["NX", "XX", "GT", "LT", "CH", "INCR"]);

/** Runs `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`. */
export function zadd([key = "", ...rest]: readonly Bytes[], context: Context): Result {
  const first = rest.findIndex((word) => !OPTIONS.has(word.toUpperCase()));
  const options = new Set(rest.slice(0, first === -1 ? undefined : first).map(upper));
  const pairs = first === -1 ? [] : rest.slice(first);
  check(options, pairs.length);
  const entries = readEntries(pairs);
  return options.has("INCR")
    ? increment(key, entries, options, context)
    : add(key, entries, options, context);
}

/** Runs `ZINCRBY key increment member`. */
export function zincrby(
  [key = "", by = "", member = ""]: readonly Bytes[],
  context: Context,
): Result {
  return increment(key, [{ score: readDouble(by), member }], new Set(), context);
}

interface Given {
  readonly score: number;
  readonly member: Bytes;
}

function upper(word: Bytes): string {
  return word.toUpperCase();
}

function check(options: ReadonlySet<string>, words: number): void {
  if (words === 0 || words % 2 !== 0) throw new CommandError(SYNTAX);
  if (options.has("NX") && options.has("XX")) {
    throw new CommandError("ERR XX and NX options at the same time are not compatible");
  }
  if (["GT", "LT", "NX"].filter((option) => options.has(option)).length > 1) {
    throw new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (options.has("INCR") && words > 2) {
    throw new CommandError("ERR INCR option supports a single increment-element pair");
  }
}

function readEntries(pairs: readonly Bytes[]): Given[] {
  const entries: Given[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const [score = "", member = ""] = pairs.slice(at, at + 2);
    entries.push({ score: readDouble(score), member });
  }
  return entries;
}

/** Returns true when the options permit a member's new score. */
function allows(options: ReadonlySet<string>, before: number | undefined, score: number): boolean {
  if (before === undefined) return !options.has("XX");
  if (options.has("NX")) return false;
  if (options.has("GT")) return score > before;
  return options.has("LT") ? score < before : true;
}

function add(
  key: Bytes,
  entries: readonly Given[],
  options: ReadonlySet<string>,
  { keys }: Context,
): Result {
  const set = keys.sortedSet(key) ?? new SortedSet();
  let [added, moved] = [0, 0];
  for (const { score, member } of entries) {
    const before = set.score(member);
    if (!allows(options, before, score)) continue;
    if (before === undefined) added += 1;
    else if (before !== score) moved += 1;
    set.set(member, score);
  }
  if (!set.isEmpty) keys.put(key, set);
  return options.has("CH") ? added + moved : added;
}

function increment(
  key: Bytes,
  [entry = { score: 0, member: "" }]: readonly Given[],
  options: ReadonlySet<string>,
  { keys }: Context,
): Result {
  const set = keys.sortedSet(key) ?? new SortedSet();
  const before = set.score(entry.member);
  const score = before === undefined ? entry.score : before + entry.score;
  if (before === undefined ? options.has("XX") : options.has("NX")) return null;
  if (Number.isNaN(score)) throw new CommandError("ERR resulting score is not a number (NaN)");
  if (!allows(options, before, score)) return null;
  set.set(entry.member, score);
  keys.put(key, set);
  return writeDouble(score);
}
