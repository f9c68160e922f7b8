import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, reads, writes } from "../command.ts";
import { CommandError } from "../errors.ts";
import { readTime, type TimeUnit } from "../expiry.ts";
import { globMatcher } from "../glob.ts";
import { type Result, Status } from "../result.ts";
import { readCursor, readScan } from "./scan.ts";

export const keyCommands: Commands = {
  del: writes(-2, (names, { keys }) => names.filter((key) => keys.delete(key)).length),
  unlink: writes(-2, (names, { keys }) => names.filter((key) => keys.delete(key)).length),
  exists: reads(-2, (names, { keys }) => names.filter((key) => keys.get(key)).length),
  touch: reads(-2, (names, { keys }) => names.filter((key) => keys.get(key)).length),
  type: reads(2, ([key = ""], { keys }) => new Status(keys.get(key)?.type ?? "none")),
  expire: expiring("expire", { ms: 1000, from: "now" }),
  pexpire: expiring("pexpire", { ms: 1, from: "now" }),
  expireat: expiring("expireat", { ms: 1000, from: "1970" }),
  pexpireat: expiring("pexpireat", { ms: 1, from: "1970" }),
  ttl: reads(2, ([key = ""], { keys }) => timeLeft(key, (at) => inSeconds(at - keys.now), keys)),
  pttl: reads(2, ([key = ""], { keys }) => timeLeft(key, (at) => at - keys.now, keys)),
  expiretime: reads(2, ([key = ""], { keys }) => timeLeft(key, inSeconds, keys)),
  pexpiretime: reads(2, ([key = ""], { keys }) => timeLeft(key, (at) => at, keys)),
  persist: writes(2, ([key = ""], { keys }) => {
    if (keys.expiresAt(key) === undefined) return 0;
    keys.expireAt(key, undefined);
    return 1;
  }),
  keys: reads(2, ([pattern = ""], { keys }) => {
    const names = Array.from(keys.after(0), ([key]) => key);
    return names.filter(globMatcher(pattern));
  }),
  scan: reads(-2, ([cursor = "", ...options], { keys }) => scan(cursor, options, keys)),
};

function expiring(command: string, unit: TimeUnit) {
  return writes(-3, ([key = "", time = "", ...words], { keys }) => {
    const options = readExpireOptions(words);
    const at = readTime(time, unit, keys.now, command);
    if (!keys.get(key) || !allows(options, keys.expiresAt(key), at)) return 0;
    keys.expireAt(key, at);
    return 1;
  });
}

function readExpireOptions(words: readonly Bytes[]): ReadonlySet<string> {
  for (const word of words) {
    if (/^(?:NX|XX|GT|LT)$/i.test(word)) continue;
    throw new CommandError(`ERR Unsupported option ${word}`);
  }
  const options = new Set(words.map((word) => word.toUpperCase()));
  if (options.has("NX") && options.size > 1) {
    throw new CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (options.has("GT") && options.has("LT")) {
    throw new CommandError("ERR GT and LT options at the same time are not compatible");
  }
  return options;
}

/**
 * Returns true when the options permit a key's new expiry. A key without an expiry counts as lasting for
 * ever.
 */
function allows(options: ReadonlySet<string>, before: number | undefined, at: number): boolean {
  if (options.has("NX") && before !== undefined) return false;
  if (options.has("XX") && before === undefined) return false;
  if (options.has("GT") && at <= (before ?? Infinity)) return false;
  return !options.has("LT") || at < (before ?? Infinity);
}

function timeLeft(key: Bytes, left: (at: number) => number, keys: Context["keys"]): Result {
  if (!keys.get(key)) return -2;
  const at = keys.expiresAt(key);
  return at === undefined ? -1 : left(at);
}

function inSeconds(ms: number): number {
  return Math.floor((ms + 500) / 1000);
}

/** Runs SCAN. The cursor is the serial number of the last key that was visited. */
function scan(cursor: Bytes, words: readonly Bytes[], keys: Context["keys"]): Result {
  const start = readCursor(cursor);
  const { matches, count, type } = readScan(words, true);
  const found: Bytes[] = [];
  let [looked, last] = [0, 0];
  for (const [key, serial] of keys.after(start)) {
    if (looked === count) return [String(last), found];
    looked += 1;
    last = serial;
    if (matches(key) && (type === undefined || keys.get(key)?.type === type)) found.push(key);
  }
  return ["0", found];
}
