import { defineScript, type Keys, runScriptWithRetry, type ScriptStore } from "headgate/redis";
import { EVENTS, streamKey, WAITING_SECONDS } from "./events.ts";

export interface TotalsParts {
  readonly redis: ScriptStore;
  readonly keys: Keys;
}

/** An event that waits in the stream, with the id that Redis gave it. */
export interface Waiting {
  readonly id: string;
  /** The entry's names and values. They are not checked yet. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The events that a worker received. */
export interface Taken {
  readonly waiting: readonly Waiting[];
  /** Where the search for abandoned events continues; "0-0" when it has seen all. */
  readonly cursor: string;
}

/** The result for an event: it counts for a day and a type, or it is set aside with a reason. */
export type Verdict =
  | { readonly id: string; readonly day: string; readonly type: string }
  | { readonly id: string; readonly reason: string };

/** How many events of a batch were counted now, and how many were set aside. */
export interface Settled {
  readonly counted: number;
  readonly setAside: number;
}

/** How many events wait, and how many of these workers hold. */
export interface Lengths {
  readonly waiting: number;
  readonly taken: number;
}

/** The consumer group that makes the totals. */
const GROUP = "totals";

const DAY_MS = 24 * 3600 * 1000;
const WAITING_MS = WAITING_SECONDS * 1000;

/** How long a day's totals, and the events that were set aside, are kept after their last change. */
const KEPT_MS = 90 * DAY_MS;

/** About how many events that cannot be read are kept. */
const MAX_SET_ASIDE = 1000;

/**
 * How many types a day's totals distinguish; further types count as "other", because clients can invent
 * types.
 */
const MAX_TYPES = 1000;

/** A consumer without events that has been idle for this long is removed. */
const FORGOTTEN_MS = 3600 * 1000;

/**
 * Returns events for a consumer. First come events that another consumer abandoned; then events that
 * this consumer received and did not settle, because the answer was lost or the store failed; then new
 * events. KEYS: the stream. ARGV: group, consumer, how many, milliseconds after which an event is
 * abandoned, where to search for those, and milliseconds to keep the stream. Returns where to search
 * next, and the entries.
 */
const TAKE = defineScript(`
local function abandoned()
  return redis.pcall("XAUTOCLAIM", KEYS[1], ARGV[1], ARGV[2], ARGV[4], ARGV[5], "COUNT", ARGV[3])
end
local found = abandoned()
if found.err then
  if not string.find(found.err, "NOGROUP", 1, true) then return found end
  redis.call("XGROUP", "CREATE", KEYS[1], ARGV[1], "0", "MKSTREAM")
  redis.call("PEXPIRE", KEYS[1], ARGV[6])
  found = abandoned()
end
if #found[2] > 0 then return {found[1], found[2]} end
local function given(id)
  local streams = redis.call("XREADGROUP", "GROUP", ARGV[1], ARGV[2], "COUNT", ARGV[3], "STREAMS", KEYS[1], id)
  return streams and streams[1][2] or {}
end
local own = {}
for _, entry in ipairs(given("0")) do
    -- An entry that was deleted meanwhile has only its id.
  if entry[2] then own[#own + 1] = entry else redis.call("XACK", KEYS[1], ARGV[1], entry[1]) end
end
return {found[1], #own > 0 and own or given(">")}
`);

/**
 * Counts events, or sets them aside. An event is counted and acknowledged in one step, and one that is
 * acknowledged already was counted before. Each event therefore counts once, however many workers hold
 * it and however often this script is sent. KEYS: the stream, the events set aside, and the totals of
 * each day. ARGV: group, milliseconds to keep the totals, length of the events set aside, most types of
 * a day; then for each event its id, the number of its totals (0: it is set aside) and its type or the
 * reason.
 */
const SETTLE = defineScript(`
for i = 2, #KEYS do
  local is = redis.call("TYPE", KEYS[i]).ok
  if is ~= "none" and is ~= (i == 2 and "stream" or "hash") then
    return redis.error_reply("WRONGTYPE a key of the totals holds the wrong kind of value")
  end
end
local function count(key, field)
  if redis.call("HEXISTS", key, field) == 0 and redis.call("HLEN", key) >= tonumber(ARGV[4]) then
    field = "other"
  end
  return type(redis.pcall("HINCRBY", key, field, 1)) == "number"
end
local function setAside(id, reason)
  local entry = redis.call("XRANGE", KEYS[1], id, id)[1]
  local fields = entry and entry[2] or {}
  redis.call("XADD", KEYS[2], "MAXLEN", "~", ARGV[3], "*", "reason", reason, "id", id, unpack(fields, 1, math.min(#fields, 100)))
end
local counted, aside = 0, 0
for at = 5, #ARGV, 3 do
  local id, totals = ARGV[at], KEYS[tonumber(ARGV[at + 1]) + 2]
  if redis.call("XACK", KEYS[1], ARGV[1], id) == 1 then
    if totals == KEYS[2] then
      setAside(id, ARGV[at + 2])
      aside = aside + 1
    elseif count(totals, ARGV[at + 2]) then
      counted = counted + 1
    else
      setAside(id, "its total is no number")
      aside = aside + 1
    end
    redis.call("XDEL", KEYS[1], id)
  end
end
for i = 2, #KEYS do redis.call("PEXPIRE", KEYS[i], ARGV[2]) end
return {counted, aside}
`);

/** Returns how many events wait, and how many of these workers hold. KEYS: the stream. ARGV: group. */
const LENGTHS = defineScript(`
local length = redis.call("XLEN", KEYS[1])
local pending = redis.pcall("XPENDING", KEYS[1], ARGV[1])
return {length, pending.err and 0 or pending[1]}
`);

/**
 * Removes a consumer that ends, and consumers that died, when they hold no events. KEYS: the stream.
 * ARGV: group, consumer, milliseconds of idleness after which a consumer counts as dead.
 */
const LEAVE = defineScript(`
local consumers = redis.pcall("XINFO", "CONSUMERS", KEYS[1], ARGV[1])
if consumers.err then return 0 end
for _, it in ipairs(consumers) do
  local is = {}
  for i = 1, #it, 2 do is[it[i]] = it[i + 1] end
  local isGone = is.name == ARGV[2] or is.idle > tonumber(ARGV[3])
  if isGone and is.pending == 0 then
    redis.call("XGROUP", "DELCONSUMER", KEYS[1], ARGV[1], is.name)
  end
end
return 1
`);

const ALL_FIELDS = defineScript(`return redis.call("HGETALL", KEYS[1])`);
const NEWEST = defineScript(`return redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", ARGV[1])`);

/** Makes the functions that read the waiting events and keep the totals of each day (UTC). */
export function createTotals({ redis, keys }: TotalsParts) {
  const stream = streamKey({ keys });
  const aside = keys.grouped(EVENTS, "set-aside", "all");
  const totalsOf = (day: string) => keys.grouped(EVENTS, "totals", day);

  return {
    /**
     * Returns up to `most` events for a consumer: events that another worker received and did not
     * settle within `abandonedMs` milliseconds; else events that this consumer received and did not
     * settle; else new ones.
     *
     * @throws {StoreError}
     */
    async take(
      consumer: string,
      { most, abandonedMs, cursor }: { most: number; abandonedMs: number; cursor: string },
    ): Promise<Taken> {
      const args = [GROUP, consumer, most, abandonedMs, cursor, WAITING_MS];
      // A call whose answer is lost is sent again, and then returns the events of the first call.
      const [next, entries] = (await runScriptWithRetry(redis, TAKE, [stream], args)) as [
        unknown,
        unknown[],
      ];
      return { cursor: String(next), waiting: entries.flatMap(readEntry) };
    },

    /**
     * Counts each event, or sets it aside: once, also when other workers settle the same event.
     *
     * @throws {StoreError} when the result is unknown; the call may be repeated
     */
    async settle(verdicts: readonly Verdict[]): Promise<Settled> {
      const days = [...new Set(verdicts.flatMap((it) => ("day" in it ? [it.day] : [])))];
      const args = verdicts.flatMap((it) =>
        "day" in it ? [it.id, days.indexOf(it.day) + 1, it.type] : [it.id, 0, it.reason],
      );
      const [counted, setAside] = (await runScriptWithRetry(
        redis,
        SETTLE,
        [stream, aside, ...days.map(totalsOf)],
        [GROUP, KEPT_MS, MAX_SET_ASIDE, MAX_TYPES, ...args],
      )) as [number, number];
      return { counted, setAside };
    },

    /** Returns how many events wait, and how many of these workers hold. @throws {StoreError} */
    async lengths(): Promise<Lengths> {
      const [waiting, taken] = (await runScriptWithRetry(redis, LENGTHS, [stream], [GROUP])) as [
        number,
        number,
      ];
      return { waiting, taken };
    },

    /** Removes a consumer that holds no events. @throws {StoreError} */
    async leave(consumer: string): Promise<void> {
      await runScriptWithRetry(redis, LEAVE, [stream], [GROUP, consumer, FORGOTTEN_MS]);
    },

    /** Returns a day's totals by type. @throws {StoreError} */
    async ofDay(day: string): Promise<Readonly<Record<string, number>>> {
      const pairs = inPairs(await runScriptWithRetry(redis, ALL_FIELDS, [totalsOf(day)], []));
      return Object.fromEntries(pairs.map(([type, count]) => [type, Number(count)]));
    },

    /** Returns the newest events that were set aside, each with the reason. @throws {StoreError} */
    async setAside(most: number): Promise<readonly Waiting[]> {
      const entries = (await runScriptWithRetry(redis, NEWEST, [aside], [most])) as unknown[];
      return entries.flatMap(readEntry);
    },
  };
}

/** Reads an entry `[id, [name, value, …]]`; an entry that was deleted meanwhile is left out. */
function readEntry(entry: unknown): Waiting[] {
  if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
  return [{ id: String(entry[0]), fields: Object.fromEntries(inPairs(entry[1])) }];
}

/**
 * Pairs names with values. A client may have parsed a value as JSON, so that the type "true" is a
 * boolean.
 */
function inPairs(list: unknown): [string, string][] {
  if (!Array.isArray(list)) return [];
  return Array.from({ length: Math.floor(list.length / 2) }, (_, i) => [
    String(list[i * 2]),
    String(list[i * 2 + 1]),
  ]);
}
