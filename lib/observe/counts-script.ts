import type { Keys } from "#lib/redis/keys";
import { defineScript } from "#lib/redis/script";
import type { Counts } from "./counts.ts";

/** The Redis channel, named like a key, on which each write is announced by its number. */
export const CHANGED = "changed";

/** How long each key lives after its last write, in seconds. */
const TTL_SECONDS = { totals: 7 * 86_400, hour: 48 * 3600, writer: 3600 } as const;

/**
 * The most denied client keys that are kept for an hour, of which the first 50 are shown, and the most for
 * the console.
 */
const MOST_DENIED = 500;
const MOST_FOR_CONSOLE = 10_000;

/**
 * Adds the counts of one instance. KEYS[1] remembers the number of the instance's last write, so that a write
 * that is sent again after a missing answer counts once, also when a copy of an earlier write arrives between
 * the two. Every other key is a hash, or a sorted set that keeps its highest scores. ARGV has the number of the
 * write, the seconds that it is remembered, and the channel on which it is announced. Then, for each key,
 * follow "hash" or the number of members to keep, its TTL in seconds, the number of fields, and each field with
 * its increment.
 */
export const ADD_COUNTS = defineScript(`
local number = tonumber(ARGV[1])
local last = redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2], "GET")
if last and tonumber(last) >= number then return redis.call("SET", KEYS[1], last, "EX", ARGV[2]) end
local at = 4
for i = 2, #KEYS do
  local key, kind, ttl, count = KEYS[i], ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local names, changes = {}, {}
  for n = 1, count do names[n] = ARGV[at + 1 + 2 * n] end
  local before = redis.call(kind == "hash" and "HMGET" or "ZMSCORE", key, unpack(names))
  for n = 1, count do
    local sum = string.format("%.0f", tonumber(before[n] or 0) + tonumber(ARGV[at + 2 + 2 * n]))
    changes[2 * n - 1] = kind == "hash" and names[n] or sum
    changes[2 * n] = kind == "hash" and sum or names[n]
  end
  if kind == "hash" then
    redis.call("HSET", key, unpack(changes))
  else
    redis.call("ZADD", key, unpack(changes))
    redis.call("ZREMRANGEBYRANK", key, 0, -1 - tonumber(kind))
  end
  redis.call("EXPIRE", key, ttl)
  at = at + 3 + 2 * count
end
redis.pcall("PUBLISH", ARGV[3], ARGV[1])
`);

/**
 * Returns how many commands a write within one hour is billed: the call of the script, SET and PUBLISH, three
 * for each of the two hashes, and four for each sorted set. tests/contract/counters.test.ts counts them.
 */
export function billedCommands(forConsole: boolean): number {
  return 3 + 2 * 3 + (forConsole ? 2 : 1) * 4;
}

/** Returns the keys and arguments of a write. */
export function callOf(counts: Counts, keys: Keys, writer: { id: string; number: number }) {
  const names = [keys.counters(`writer:${writer.id}`)];
  const args: (string | number)[] = [writer.number, TTL_SECONDS.writer, keys.counters(CHANGED)];
  const add = (
    name: string,
    kind: "hash" | number,
    ttlSeconds: number,
    values: ReadonlyMap<string, number>,
  ) => {
    if (values.size === 0) return;
    names.push(keys.counters(name));
    args.push(kind, ttlSeconds, values.size, ...[...values].flat());
  };
  add("totals", "hash", TTL_SECONDS.totals, counts.totals.values);
  for (const [start, { minutes, denied, console: forConsole }] of counts.hours) {
    add(`minutes:${start}`, "hash", TTL_SECONDS.hour, minutes.values);
    add(`denied:${start}`, MOST_DENIED, TTL_SECONDS.hour, denied.counts);
    add(`events:${start}`, MOST_FOR_CONSOLE, TTL_SECONDS.hour, forConsole.counts);
  }
  return { keys: names, args };
}
