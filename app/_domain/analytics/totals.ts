import { defineScript, type Keys, runScriptWithRetry, type ScriptStore } from "headgate/redis";
import { EVENTS, streamKey, WAITING_SECONDS } from "./events.ts";

export interface TotalsParts {
  readonly redis: ScriptStore;
  readonly keys: Keys;
}

/** An event as it waits in the stream, by the id that Redis gave it. */
export interface Waiting {
  readonly id: string;
  /** Names and values as they were written; whoever wrote them. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a worker was given. */
export interface Taken {
  readonly waiting: readonly Waiting[];
  /** Where the look at what others have abandoned goes on; "0-0" when all of it was looked at. */
  readonly cursor: string;
}

/** What becomes of an event: it counts for a day and a type, or it is set aside, and why. */
export type Verdict =
  | { readonly id: string; readonly day: string; readonly type: string }
  | { readonly id: string; readonly reason: string };

/** How many of a batch were counted now, and how many set aside. */
export interface Settled {
  readonly counted: number;
  readonly setAside: number;
}

/** How many events wait, and how many of them a worker has. */
export interface Lengths {
  readonly waiting: number;
  readonly taken: number;
}

/** The group of consumers that makes the totals. */
const GROUP = "totals";

const DAY_MS = 24 * 3600 * 1000;
const WAITING_MS = WAITING_SECONDS * 1000;

/** How long a day's totals, and what was set aside, are kept after they last changed. */
const KEPT_MS = 90 * DAY_MS;

/** About how many events that cannot be read are kept. */
const MAX_SET_ASIDE = 1000;

/** How many types a day's totals tell apart; clients invent them. The others are "other". */
const MAX_TYPES = 1000;

/** A consumer of which nothing was heard for so long, and that has nothing, is forgotten. */
const FORGOTTEN_MS = 3600 * 1000;

/**
 * Takes what a consumer has abandoned; else what this one was given and did not settle, since it
 * never heard of it or the store failed; else what nobody was given yet. KEYS: the stream. ARGV: group,
 * consumer, how many, milliseconds after which an event is abandoned, where to look for them, and
 * milliseconds to keep the stream. Answers where to look next, and the entries.
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
  -- Of one that is gone there is the id alone.
  if entry[2] then own[#own + 1] = entry else redis.call("XACK", KEYS[1], ARGV[1], entry[1]) end
end
return {found[1], #own > 0 and own or given(">")}
`);

/**
 * Counts events, or sets them aside. What is acknowledged here is counted here, in the same step, and
 * what was acknowledged before was counted before: so each event counts once, however many workers
 * have it and however often this is sent. KEYS: the stream, what is set aside, and the totals of each
 * day. ARGV: group, milliseconds to keep the totals, length of what is set aside, most types of a day;
 * then of each event its id, the number of its totals (0: it is set aside) and its type or the reason.
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

/** How many events wait, and how many of them some worker has. KEYS: the stream. ARGV: group. */
const LENGTHS = defineScript(`
local length = redis.call("XLEN", KEYS[1])
local pending = redis.pcall("XPENDING", KEYS[1], ARGV[1])
return {length, pending.err and 0 or pending[1]}
`);

/**
 * Forgets a consumer that leaves, and those that died, where they have nothing. KEYS: the stream.
 * ARGV: group, consumer, milliseconds after which one that says nothing is dead.
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

/** Makes what reads the waiting events, and keeps the totals of each day (UTC). */
export function createTotals({ redis, keys }: TotalsParts) {
  const stream = streamKey({ keys });
  const aside = keys.grouped(EVENTS, "set-aside", "all");
  const totalsOf = (day: string) => keys.grouped(EVENTS, "totals", day);

  return {
    /**
     * Takes up to `most` events for a consumer: those that another took and did not settle within
     * `abandonedMs` milliseconds, else those that it was given before and did not settle, else new ones.
     *
     * @throws {StoreError}
     */
    async take(
      consumer: string,
      { most, abandonedMs, cursor }: { most: number; abandonedMs: number; cursor: string },
    ): Promise<Taken> {
      const args = [GROUP, consumer, most, abandonedMs, cursor, WAITING_MS];
      // Sent again where its answer is lost: then it is given what the first one took.
      const [next, entries] = (await runScriptWithRetry(redis, TAKE, [stream], args)) as [
        unknown,
        unknown[],
      ];
      return { cursor: String(next), waiting: entries.flatMap(readEntry) };
    },

    /**
     * Counts each event, or sets it aside: once, whoever else does so too.
     *
     * @throws {StoreError} where nobody knows; it may be sent again
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

    /** How many events wait, and how many of them a worker has. @throws {StoreError} */
    async lengths(): Promise<Lengths> {
      const [waiting, taken] = (await runScriptWithRetry(redis, LENGTHS, [stream], [GROUP])) as [
        number,
        number,
      ];
      return { waiting, taken };
    },

    /** Forgets a consumer that has nothing left. @throws {StoreError} */
    async leave(consumer: string): Promise<void> {
      await runScriptWithRetry(redis, LEAVE, [stream], [GROUP, consumer, FORGOTTEN_MS]);
    },

    /** A day's totals by type. @throws {StoreError} */
    async ofDay(day: string): Promise<Readonly<Record<string, number>>> {
      const pairs = inPairs(await runScriptWithRetry(redis, ALL_FIELDS, [totalsOf(day)], []));
      return Object.fromEntries(pairs.map(([type, count]) => [type, Number(count)]));
    },

    /** The newest events that were set aside, each with the reason. @throws {StoreError} */
    async setAside(most: number): Promise<readonly Waiting[]> {
      const entries = (await runScriptWithRetry(redis, NEWEST, [aside], [most])) as unknown[];
      return entries.flatMap(readEntry);
    },
  };
}

/** `[id, [name, value, …]]`; of what was deleted meanwhile there is nothing. */
function readEntry(entry: unknown): Waiting[] {
  if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
  return [{ id: String(entry[0]), fields: Object.fromEntries(inPairs(entry[1])) }];
}

/** A client may have read a value as JSON: "true" is a type like any other. */
function inPairs(list: unknown): [string, string][] {
  if (!Array.isArray(list)) return [];
  return Array.from({ length: Math.floor(list.length / 2) }, (_, i) => [
    String(list[i * 2]),
    String(list[i * 2 + 1]),
  ]);
}
