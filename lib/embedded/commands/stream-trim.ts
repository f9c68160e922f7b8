import type { Bytes } from "../bytes.ts";
import { CommandError, NOT_AN_INTEGER, SYNTAX } from "../errors.ts";
import { readInteger } from "../numbers.ts";
import type { Stream } from "../stream.ts";
import { readId, type StreamId } from "../stream-id.ts";

/** How much of a stream is kept: a number of entries, or the entries from an id on. */
export type TrimRule = { readonly maxLength: number } | { readonly from: StreamId };

export const TWO_RULES =
  "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";

const KINDS: ReadonlySet<string | undefined> = new Set(["MAXLEN", "MINID"]);

/**
 * Reads `MAXLEN|MINID [=|~] threshold [LIMIT count]`, and returns how many arguments that is. With "~" Redis
 * may keep a few more entries; here the limit is exact.
 *
 * @throws {CommandError} as Redis words it
 */
export function readTrim(words: readonly Bytes[]): {
  readonly rule: TrimRule | undefined;
  readonly used: number;
} {
  const kind = words[0]?.toUpperCase();
  if (kind !== "MAXLEN" && kind !== "MINID") return { rule: undefined, used: 0 };
  const sign = words[1] === "=" || words[1] === "~" ? words[1] : undefined;
  let used = sign ? 3 : 2;
  const threshold = words[used - 1];
  if (threshold === undefined) throw new CommandError(SYNTAX);
  const rule =
    kind === "MAXLEN" ? { maxLength: readLength(threshold) } : { from: readId(threshold) };
  if (words[used]?.toUpperCase() === "LIMIT") {
    if (sign !== "~") {
      throw new CommandError("ERR syntax error, LIMIT cannot be used without the special ~ option");
    }
    const most = words[used + 1];
    if (most === undefined) throw new CommandError(SYNTAX);
    if (readInteger(most) < 0) {
      throw new CommandError("ERR The LIMIT argument must be >= 0.");
    }
    used += 2;
  }
  if (KINDS.has(words[used]?.toUpperCase())) throw new CommandError(TWO_RULES);
  return { rule, used };
}

function readLength(text: Bytes): number {
  const length = readInteger(text, NOT_AN_INTEGER);
  if (length < 0) throw new CommandError("ERR The MAXLEN argument must be >= 0.");
  return length;
}

/** Trims a stream and returns how many entries were removed. */
export function trim(stream: Stream, rule: TrimRule): number {
  const { items } = stream.entries;
  const count =
    "from" in rule ? stream.entries.place(rule.from) : Math.max(0, items.length - rule.maxLength);
  stream.dropOldest(count);
  return count;
}
