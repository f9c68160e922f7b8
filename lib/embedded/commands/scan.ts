import type { Bytes } from "../bytes.ts";
import { CommandError, SYNTAX } from "../errors.ts";
import { globMatcher } from "../glob.ts";
import { readInteger } from "../numbers.ts";
import type { Result } from "../result.ts";

/** The options of SCAN, HSCAN, SSCAN and ZSCAN. */
export interface ScanOptions {
  readonly matches: (text: Bytes) => boolean;
  /** About how many keys to visit. */
  readonly count: number;
  /** The TYPE that keys must have, in lower case. */
  readonly type: string | undefined;
}

const MAX_CURSOR = 2n ** 64n - 1n;

/**
 * Reads the options after a cursor.
 *
 * @throws {CommandError} as Redis words it
 */
export function readScan(options: readonly Bytes[], takesType = false): ScanOptions {
  let matches: ScanOptions["matches"] = () => true;
  let [count, type]: [number, string | undefined] = [10, undefined];
  for (let at = 0; at < options.length; at += 2) {
    const [name = "", value] = options.slice(at, at + 2);
    const word = name.toUpperCase();
    if (value === undefined) throw new CommandError(SYNTAX);
    if (word === "MATCH") matches = globMatcher(value);
    else if (word === "COUNT") count = readCount(value);
    else if (word === "TYPE" && takesType) type = value.toLowerCase();
    else throw new CommandError(SYNTAX);
  }
  return { matches, count, type };
}

function readCount(text: Bytes): number {
  const count = readInteger(text);
  if (count < 1) throw new CommandError(SYNTAX);
  return count;
}

/**
 * Reads a cursor as a number. A cursor that was never returned, however large, ends the scan.
 *
 * @throws {CommandError} as Redis words it
 */
export function readCursor(text: Bytes): number {
  // This follows strtoul of C: empty text is 0, and a negative number wraps around.
  const [, sign, digits = "0"] = /^(?:([+-]?)0*([0-9]{1,20}))?$/.exec(text) ?? ["", "", "x"];
  if (digits !== "x" && BigInt(digits) <= MAX_CURSOR) {
    return sign === "-" && Number(digits) > 0 ? Infinity : Number(digits);
  }
  throw new CommandError("ERR invalid cursor");
}

/** Returns the reply of HSCAN, SSCAN or ZSCAN: everything at once, as Redis does for small values. */
export function scanned(cursor: Bytes, all: () => Result[]): Result {
  readCursor(cursor);
  return ["0", all()];
}
