import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, grows, reads, writes } from "../command.ts";
import { CommandError, SYNTAX, wrongArity } from "../errors.ts";
import { readInteger } from "../numbers.ts";
import type { Result } from "../result.ts";
import { Stream, writeEntry } from "../stream.ts";
import {
  compareIds,
  FIRST_ID,
  nextId,
  readBound,
  readId,
  type StreamId,
  writeId,
} from "../stream-id.ts";
import { streamGroups } from "./stream-groups.ts";
import { streamPending } from "./stream-pending.ts";
import { streamReads } from "./stream-reads.ts";
import { readTrim, trim, type TrimRule, TWO_RULES } from "./stream-trim.ts";

type Keys = Context["keys"];

export const streams: Commands = {
  xadd: grows(-5, ([key = "", ...words], { keys }) => xadd(key, words, keys)),
  xlen: reads(2, ([key = ""], { keys }) => keys.stream(key)?.entries.items.length ?? 0),
  xrange: reads(-4, ([key = "", from = "", to = "", ...words], { keys }) =>
    range(key, { from, to, words }, keys),
  ),
  xrevrange: reads(-4, ([key = "", to = "", from = "", ...words], { keys }) =>
    range(key, { from, to, words, isReversed: true }, keys),
  ),
  xdel: writes(-3, ([key = "", ...given], { keys }) => {
    const stream = keys.stream(key);
    if (!stream) return 0;
    const ids = given.map((text) => readId(text));
    const removed = ids.filter((id) => stream.delete(id)).length;
    keys.changed(key);
    return removed;
  }),
  xtrim: writes(-4, ([key = "", ...words], { keys }) => {
    const { rule, used } = readTrim(words);
    if (!rule || used !== words.length) throw new CommandError(SYNTAX);
    const stream = keys.stream(key);
    const removed = stream ? trim(stream, rule) : 0;
    keys.changed(key);
    return removed;
  }),
  ...streamReads,
  ...streamPending,
  ...streamGroups,
};

function xadd(key: Bytes, words: readonly Bytes[], keys: Keys): Result {
  const { isMade, rule, rest } = readAddOptions(words);
  const [given, ...fields] = rest;
  if (given === undefined) throw wrongArity("xadd");
  const asked = readNewId(given);
  if (fields.length === 0 || fields.length % 2 !== 0) throw wrongArity("xadd");
  if (asked.how === "given" && compareIds(asked.id, FIRST_ID) === 0) {
    throw new CommandError("ERR The ID specified in XADD must be greater than 0-0");
  }
  const there = keys.stream(key);
  if (!there && !isMade) return null;
  const stream = there ?? new Stream();
  const id = newId(asked, stream.lastId, keys.now);
  stream.add({ id, fields });
  if (rule) trim(stream, rule);
  keys.put(key, stream);
  return writeId(id);
}

/** Reads `[NOMKSTREAM]` and the trim rule, in any order. */
function readAddOptions(words: readonly Bytes[]) {
  let [isMade, rest] = [true, words];
  let rule: TrimRule | undefined;
  for (;;) {
    const trimming = readTrim(rest);
    if (rest[0]?.toUpperCase() === "NOMKSTREAM") {
      isMade = false;
      rest = rest.slice(1);
    } else if (trimming.rule) {
      if (rule) throw new CommandError(TWO_RULES);
      ({ rule } = trimming);
      rest = rest.slice(trimming.used);
    } else return { isMade, rule, rest };
  }
}

/**
 * The id for a new entry: a complete id, "*" for the current time, or "5-*" for the next number of that time.
 */
type NewId =
  | { readonly how: "given"; readonly id: StreamId }
  | { readonly how: "next-of"; readonly ms: bigint }
  | { readonly how: "of-time" };

function readNewId(given: Bytes): NewId {
  if (given === "*") return { how: "of-time" };
  const partly = /^(\d{1,20})-\*$/.exec(given)?.[1];
  if (partly === undefined) return { how: "given", id: readId(given) };
  return { how: "next-of", ms: readId(partly).ms };
}

function newId(asked: NewId, last: StreamId, now: number): StreamId {
  if (asked.how === "given") return later(asked.id, last);
  if (asked.how === "next-of") return later(ofTime(asked.ms, last), last);
  return timed({ ms: BigInt(now), seq: 0n }, last);
}

function later(id: StreamId, last: StreamId): StreamId {
  if (compareIds(id, last) > 0) return id;
  throw new CommandError(TOO_SMALL);
}

const TOO_SMALL =
  "ERR The ID specified in XADD is equal or smaller than the target stream top item";

/** Returns an id of the current time that is above the last one, even when the clock has stepped back. */
function timed(id: StreamId, last: StreamId): StreamId {
  if (compareIds(id, last) > 0) return id;
  const next = nextId(last);
  if (next) return next;
  throw new CommandError(
    "ERR The stream has exhausted the last possible ID, unable to add more items",
  );
}

function ofTime(ms: bigint, last: StreamId): StreamId {
  if (ms === last.ms) {
    const next = nextId(last);
    if (next?.ms === ms) return next;
    throw new CommandError("ERR Elements are too large to be stored");
  }
  return { ms, seq: ms === 0n ? 1n : 0n };
}

interface Range {
  readonly from: Bytes;
  readonly to: Bytes;
  readonly words: readonly Bytes[];
  readonly isReversed?: boolean;
}

function range(key: Bytes, { from, to, words, isReversed }: Range, keys: Keys): Result {
  const [start, end] = [readBound(from, "from"), readBound(to, "to")];
  const count = readCount(words);
  const found = keys.stream(key)?.entries.between(start, end) ?? [];
  if (!keys.stream(key)) return [];
  const ordered = isReversed ? found.toReversed() : found;
  if (count === 0) return null;
  return ordered.slice(0, count < 0 ? undefined : count).map(writeEntry);
}

/** Reads COUNT. Returns a negative number when it is not given. */
function readCount(words: readonly Bytes[]): number {
  let count = -1;
  for (let at = 0; at < words.length; at += 2) {
    const value = words[at + 1];
    if (words[at]?.toUpperCase() !== "COUNT" || value === undefined) throw new CommandError(SYNTAX);
    count = Math.max(0, readInteger(value));
  }
  return count;
}
