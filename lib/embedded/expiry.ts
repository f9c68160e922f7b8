import type { Bytes } from "./bytes.ts";
import { CommandError } from "./errors.ts";
import { readBigInteger } from "./numbers.ts";

const MAX = 2n ** 63n - 1n;

/** The unit of a command's time: seconds or milliseconds, from now or since 1970. */
export interface TimeUnit {
  readonly ms: 1 | 1000;
  readonly from: "now" | "1970";
}

/** The options of SET and GETEX that give a time. */
export const TIME_UNITS: Readonly<Record<string, TimeUnit>> = {
  EX: { ms: 1000, from: "now" },
  PX: { ms: 1, from: "now" },
  EXAT: { ms: 1000, from: "1970" },
  PXAT: { ms: 1, from: "1970" },
};

/**
 * Returns when a key expires, in milliseconds since 1970. A time in the past is allowed.
 *
 * @param now milliseconds since 1970
 * @throws {CommandError} when the text is not a whole number, or out of the range of Redis
 */
export function readTime(text: Bytes, unit: TimeUnit, now: number, command: string): number {
  const ms = readBigInteger(text) * BigInt(unit.ms);
  const base = unit.from === "now" ? BigInt(now) : 0n;
  if (ms > MAX - base || ms < -MAX) throw invalid(command);
  return Number(ms + base);
}

/** Does the same for commands that reject times of 0 or less. */
export function readTimeAhead(text: Bytes, unit: TimeUnit, now: number, command: string): number {
  if (readBigInteger(text) <= 0n) throw invalid(command);
  return readTime(text, unit, now, command);
}

function invalid(command: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${command}' command`);
}
