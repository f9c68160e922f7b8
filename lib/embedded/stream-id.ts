import type { Bytes } from "./bytes.ts";
import { CommandError } from "./errors.ts";

/** Names an entry of a stream: the milliseconds of its time, and a number within them. */
export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

const MAX = 2n ** 64n - 1n;

export const FIRST_ID: StreamId = { ms: 0n, seq: 0n };
export const LAST_ID: StreamId = { ms: MAX, seq: MAX };

const BAD_ID = "ERR Invalid stream ID specified as stream command argument";

/** Below, equal or above 0, as the first is before, the same as or after the second. */
export function compareIds(a: StreamId, b: StreamId): number {
  if (a.ms === b.ms) return a.seq === b.seq ? 0 : a.seq < b.seq ? -1 : 1;
  return a.ms < b.ms ? -1 : 1;
}

export function writeId({ ms, seq }: StreamId): Bytes {
  return `${ms}-${seq}`;
}

/**
 * Reads "5-1", or "5" with the number that is missing.
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
 * One end of a range: an id, "-" or "+", or "(5-1" for what lies beyond it.
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

/** The id that comes right after; undefined after the last. */
export function nextId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq < MAX) return { ms, seq: seq + 1n };
  return ms < MAX ? { ms: ms + 1n, seq: 0n } : undefined;
}

function previousId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq > 0n) return { ms, seq: seq - 1n };
  return ms > 0n ? { ms: ms - 1n, seq: MAX } : undefined;
}
