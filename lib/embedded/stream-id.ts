import type { Bytes } from "./bytes.ts";
import { CommandError } from "./errors.ts";

/** The id of a stream's entry: its time in milliseconds, and a number within the millisecond. */
export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

const MAX = 2n ** 64n - 1n;

export const FIRST_ID: StreamId = { ms: 0n, seq: 0n };
export const LAST_ID: StreamId = { ms: MAX, seq: MAX };

const BAD_ID = "ERR Invalid stream ID specified as stream command argument";

/** Returns a number below, equal to or above 0 when the first id is before, equal to or after the second. */
export function compareIds(a: StreamId, b: StreamId): number {
  if (a.ms === b.ms) return a.seq === b.seq ? 0 : a.seq < b.seq ? -1 : 1;
  return a.ms < b.ms ? -1 : 1;
}

export function writeId({ ms, seq }: StreamId): Bytes {
  return `${ms}-${seq}`;
}

/**
 * Reads an id such as "5-1", or "5" with `missing` as its number.
 *
 * @throws {CommandError} as Redis words it
 */
export function readId(text: Bytes, missing = 0n): StreamId {
  const [, ms, seq] = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text) ?? [];
  if (ms === undefined) throw new CommandError(BAD_ID);
  const id = { ms: BigInt(ms), seq: seq === undefined ? missing : BigInt(seq) };
  if (id.ms > MAX || id.seq > MAX) throw new CommandError(BAD_ID);
  return id;
}

/**
 * Reads one end of a range: an id, "-" or "+", or "(5-1", which excludes the id.
 *
 * @throws {CommandError} as Redis words it
 */
export function readBound(text: Bytes, end: "from" | "to"): StreamId {
  if (text === "-") return FIRST_ID;
  if (text === "+") return LAST_ID;
  const missing = end === "from" ? 0n : MAX;
  if (!text.startsWith("(")) return readId(text, missing);
  const id = readId(text.slice(1), missing);
  const beyond = end === "from" ? nextId(id) : previousId(id);
  if (beyond) return beyond;
  throw new CommandError(
    end === "from"
      ? "ERR invalid start ID for the interval"
      : "ERR invalid end ID for the interval",
  );
}

/** Returns the next id; undefined after the last. */
export function nextId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq < MAX) return { ms, seq: seq + 1n };
  return ms < MAX ? { ms: ms + 1n, seq: 0n } : undefined;
}

function previousId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq > 0n) return { ms, seq: seq - 1n };
  return ms > 0n ? { ms: ms - 1n, seq: MAX } : undefined;
}
