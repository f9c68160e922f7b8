import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, grows, reads, writes } from "../command.ts";
import { CommandError, SYNTAX, wrongArity } from "../errors.ts";
import { readTimeAhead, TIME_UNITS } from "../expiry.ts";
import { fits, readBigInteger } from "../numbers.ts";
import { OK, type Result } from "../result.ts";
import { Text } from "../values.ts";

/** The largest string in Redis, in bytes. */
const MAX_BYTES = 512 * 1024 * 1024;

export const strings: Commands = {
  get: reads(2, ([key = ""], { keys }) => keys.text(key) ?? null),
  set: grows(-3, ([key = "", value = "", ...options], context) =>
    set(key, value, readSetOptions(options, context), context),
  ),
  setnx: grows(3, ([key = "", value = ""], { keys }) => {
    if (keys.get(key)) return 0;
    keys.put(key, new Text(value));
    return 1;
  }),
  setex: grows(4, ([key = "", time = "", value = ""], context) =>
    setFor(key, time, value, "setex", context),
  ),
  psetex: grows(4, ([key = "", time = "", value = ""], context) =>
    setFor(key, time, value, "psetex", context),
  ),
  getset: grows(3, ([key = "", value = ""], context) =>
    set(key, value, { ...NO_OPTIONS, answersOld: true }, context),
  ),
  getdel: writes(2, ([key = ""], { keys }) => {
    const text = keys.text(key);
    keys.delete(key);
    return text ?? null;
  }),
  getex: writes(-2, ([key = "", ...options], context) => getAndExpire(key, options, context)),
  append: grows(3, ([key = "", value = ""], { keys }) => {
    const text = (keys.text(key) ?? "") + value;
    if (text.length > MAX_BYTES) {
      throw new CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }
    keys.put(key, new Text(text));
    return text.length;
  }),
  strlen: reads(2, ([key = ""], { keys }) => keys.text(key)?.length ?? 0),
  mget: reads(-2, (names, { keys }) =>
    names.map((key) => {
      const value = keys.get(key);
      return value instanceof Text ? value.text : null;
    }),
  ),
  mset: grows(-3, (args, { keys }) => {
    if (args.length % 2 !== 0) throw wrongArity("mset");
    for (let at = 0; at < args.length; at += 2) {
      const [key = "", value = ""] = args.slice(at, at + 2);
      keys.expireAt(key, undefined);
      keys.put(key, new Text(value));
    }
    return OK;
  }),
  incr: grows(2, ([key = ""], context) => add(key, 1n, context)),
  decr: grows(2, ([key = ""], context) => add(key, -1n, context)),
  incrby: grows(3, ([key = "", by = ""], context) => add(key, readBigInteger(by), context)),
  decrby: grows(3, ([key = "", by = ""], context) => {
    const amount = -readBigInteger(by);
    if (!fits(amount)) throw new CommandError("ERR decrement would overflow");
    return add(key, amount, context);
  }),
};

interface SetOptions {
  readonly only: "NX" | "XX" | undefined;
  /** Milliseconds since 1970, or "keep". */
  readonly expiry: number | "keep" | undefined;
  readonly answersOld: boolean;
}

const NO_OPTIONS: SetOptions = { only: undefined, expiry: undefined, answersOld: false };

function readSetOptions(options: readonly Bytes[], { keys }: Context): SetOptions {
  let { only, expiry, answersOld } = NO_OPTIONS;
  let time: { word: string; text: Bytes } | undefined;
  const words = options.values();
  for (const option of words) {
    const word = option.toUpperCase();
    if ((word === "NX" || word === "XX") && (only === undefined || only === word)) only = word;
    else if (word === "GET") answersOld = true;
    else if (word === "KEEPTTL" && time === undefined) expiry = "keep";
    else if (isTime(word) && expiry === undefined && time === undefined) {
      time = { word, text: argument(words) };
    } else throw new CommandError(SYNTAX);
  }
  if (time) expiry = readAhead(time, keys.now, "set");
  return { only, expiry, answersOld };
}

function isTime(word: string): boolean {
  return Object.hasOwn(TIME_UNITS, word);
}

function argument(words: Iterator<Bytes>): Bytes {
  const { value, done } = words.next();
  if (done) throw new CommandError(SYNTAX);
  return value;
}

function readAhead({ word, text }: { word: string; text: Bytes }, now: number, command: string) {
  const unit = TIME_UNITS[word];
  if (!unit) throw new CommandError(SYNTAX);
  return readTimeAhead(text, unit, now, command);
}

function set(key: Bytes, value: Bytes, options: SetOptions, { keys }: Context): Result {
  const old = options.answersOld ? (keys.text(key) ?? null) : undefined;
  const exists = keys.get(key) !== undefined;
  if (exists ? options.only === "NX" : options.only === "XX") return old ?? null;
  keys.put(key, new Text(value));
  if (options.expiry !== "keep") keys.expireAt(key, options.expiry);
  return old === undefined ? OK : old;
}

function setFor(
  key: Bytes,
  time: Bytes,
  value: Bytes,
  command: "setex" | "psetex",
  context: Context,
): Result {
  const word = command === "setex" ? "EX" : "PX";
  const expiry = readAhead({ word, text: time }, context.keys.now, command);
  return set(key, value, { ...NO_OPTIONS, expiry }, context);
}

function getAndExpire(key: Bytes, options: readonly Bytes[], { keys }: Context): Result {
  const [option, ...rest] = options;
  const word = option?.toUpperCase() ?? "";
  const wants = word === "" || word === "PERSIST" ? 0 : 1;
  if (rest.length !== wants || (wants === 1 && !isTime(word))) throw new CommandError(SYNTAX);
  const text = keys.text(key);
  if (text === undefined) return null;
  if (word === "PERSIST") keys.expireAt(key, undefined);
  else if (word) keys.expireAt(key, readAhead({ word, text: rest[0] ?? "" }, keys.now, "getex"));
  return text;
}

function add(key: Bytes, by: bigint, { keys }: Context): Result {
  const sum = readBigInteger(keys.text(key) ?? "0") + by;
  if (!fits(sum)) throw new CommandError("ERR increment or decrement would overflow");
  keys.put(key, new Text(String(sum)));
  return Number(sum);
}
