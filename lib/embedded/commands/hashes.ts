import type { Bytes } from "../bytes.ts";
import { type Commands, grows, reads, writes } from "../command.ts";
import { CommandError, wrongArity } from "../errors.ts";
import type { Keyspace } from "../keyspace.ts";
import { fits, readBigInteger } from "../numbers.ts";
import { OK } from "../result.ts";
import { Hash } from "../values.ts";
import { readScan, scanned } from "./scan.ts";

export const hashes: Commands = {
  hset: grows(-4, ([key = "", ...pairs], { keys }) => setAll(key, pairs, "hset", keys)),
  hmset: grows(-4, ([key = "", ...pairs], { keys }) => {
    setAll(key, pairs, "hmset", keys);
    return OK;
  }),
  hsetnx: grows(4, ([key = "", field = "", value = ""], { keys }) => {
    if (keys.hash(key)?.fields.has(field)) return 0;
    return setAll(key, [field, value], "hsetnx", keys);
  }),
  hget: reads(3, ([key = "", field = ""], { keys }) => keys.hash(key)?.fields.get(field) ?? null),
  hmget: reads(-3, ([key = "", ...fields], { keys }) => {
    const hash = keys.hash(key);
    return fields.map((field) => hash?.fields.get(field) ?? null);
  }),
  hgetall: reads(2, ([key = ""], { keys }) => [...(keys.hash(key)?.fields ?? [])].flat()),
  hkeys: reads(2, ([key = ""], { keys }) => [...(keys.hash(key)?.fields.keys() ?? [])]),
  hvals: reads(2, ([key = ""], { keys }) => [...(keys.hash(key)?.fields.values() ?? [])]),
  hlen: reads(2, ([key = ""], { keys }) => keys.hash(key)?.fields.size ?? 0),
  hexists: reads(3, ([key = "", field = ""], { keys }) =>
    keys.hash(key)?.fields.has(field) ? 1 : 0,
  ),
  hstrlen: reads(
    3,
    ([key = "", field = ""], { keys }) => keys.hash(key)?.fields.get(field)?.length ?? 0,
  ),
  hdel: writes(-3, ([key = "", ...fields], { keys }) => {
    const hash = keys.hash(key);
    if (!hash) return 0;
    const removed = fields.filter((field) => hash.delete(field)).length;
    keys.changed(key);
    return removed;
  }),
  hincrby: grows(4, ([key = "", field = "", by = ""], { keys }) => {
    const amount = readBigInteger(by);
    const before = keys.hash(key)?.fields.get(field) ?? "0";
    const sum = readBigInteger(before, "ERR hash value is not an integer") + amount;
    if (!fits(sum)) throw new CommandError("ERR increment or decrement would overflow");
    setAll(key, [field, String(sum)], "hincrby", keys);
    return Number(sum);
  }),
  hscan: reads(-3, ([key = "", cursor = "", ...options], { keys }) =>
    scanned(cursor, () => {
      const fields = keys.hash(key)?.fields;
      if (!fields) return [];
      const { matches } = readScan(options);
      return [...fields].filter(([field]) => matches(field)).flat();
    }),
  ),
};

/** Sets fields and returns how many are new. */
function setAll(key: Bytes, pairs: readonly Bytes[], command: string, keys: Keyspace): number {
  if (pairs.length % 2 !== 0) throw wrongArity(command);
  const hash = keys.hash(key) ?? new Hash();
  let added = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    const [field = "", value = ""] = pairs.slice(at, at + 2);
    if (hash.set(field, value)) added += 1;
  }
  keys.put(key, hash);
  return added;
}
