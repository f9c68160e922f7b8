import { StoreError } from "#lib/redis/errors";
import { defineScript, runScriptWithRetry, type Script } from "#lib/redis/script";
import type { ScriptStore } from "#lib/redis/script-store";
import { LONGEST_MS, MOST_ENTRIES, MOST_WITH_MODES } from "./entry.ts";
import type { ControlKeys } from "./keys.ts";

const DAY_MS = 86_400_000;

/** The document outlives the longest entry by a day, in milliseconds. */
const KEPT_MS = LONGEST_MS + DAY_MS;

/** How long the log is kept after the last change, in milliseconds, and how many changes it keeps. */
const LOG_KEPT_MS = 90 * DAY_MS;
const MOST_CHANGES = 10_000;

/** A change that is sent again is searched among this many latest changes. */
const LOOKED_BACK = 50;

/*
 * KEYS: entries, notes, version, log. ARGV: the token of the change, its action, reason and author. The time
 * is that of Redis. Entries that have ended are deleted first. A change without an answer is sent again with
 * the same token, which the script finds in the log.
 */
const CHANGE = `
local entries, notes, version, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, action, reason, by = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format("%.0f", number) end
for _, change in ipairs(redis.call("XREVRANGE", log, "+", "-", "COUNT", ${LOOKED_BACK})) do
  local known = {}
  for i = 1, #change[2], 2 do known[change[2][i]] = change[2][i + 1] end
  if known.token == token then return {1, text(now), known.entry, known.note} end
end
local all = redis.call("HGETALL", entries)
for i = 1, #all, 2 do
  local ends = tonumber(string.match(all[i + 1], '^{"until":(%d+)'))
  if ends and ends <= now then
    redis.call("HDEL", entries, all[i])
    redis.call("HDEL", notes, all[i])
  end
end
local function record(done, id, entry, note, own)
  local change = redis.call("XADD", log, "MAXLEN", "~", "${MOST_CHANGES}", "*",
    "action", done, "id", id, "entry", entry, "note", note,
    "reason", reason, "by", by, "at", text(now), "token", own)
  redis.call("SET", version, change, "PX", "${KEPT_MS}")
  redis.call("PEXPIRE", entries, "${KEPT_MS}")
  redis.call("PEXPIRE", notes, "${KEPT_MS}")
  redis.call("PEXPIRE", log, "${LOG_KEPT_MS}")
end
local function set(id, entry, ms)
  local whole = '{"until":' .. text(now + ms) .. "," .. string.sub(entry, 2)
  redis.call("HSET", entries, id, whole)
  return whole
end
local function remove(id, own)
  local entry = redis.call("HGET", entries, id)
  if not entry then return nil end
  local note = redis.call("HGET", notes, id) or ""
  redis.call("HDEL", entries, id)
  redis.call("HDEL", notes, id)
  record("remove", id, entry, note, own)
  return {1, text(now), entry, note}
end
`;

/**
 * ARGV from 5 on: milliseconds, the note, the id, the entry without its end, and ids of entries that it
 * replaces.
 */
const SET = defineScript(`${CHANGE}
local id = ARGV[7]
for i = 9, #ARGV do remove(ARGV[i], "") end
local most = string.sub(id, 1, 4) == "mode" and ${MOST_WITH_MODES} or ${MOST_ENTRIES}
if redis.call("HEXISTS", entries, id) == 0 and redis.call("HLEN", entries) >= most then
  return {0, text(now), "", ""}
end
local note = '{"at":' .. text(now) .. "," .. string.sub(ARGV[6], 2)
local entry = set(id, ARGV[8], ARGV[5])
redis.call("HSET", notes, id, note)
record(action, id, entry, note, token)
return {1, text(now), entry, note}
`);

/** ARGV from 5 on: the id. */
const REMOVE = defineScript(`${CHANGE}
return remove(ARGV[5], token) or {0, text(now), "", ""}
`);

/** ARGV from 5 on: milliseconds, and the entries without their ends. A full document accepts none. */
const RESET = defineScript(`${CHANGE}
local first = "reset:" .. token
for i = 6, #ARGV do
  if redis.call("HLEN", entries) >= ${MOST_WITH_MODES} then break end
  set(i == 6 and first or first .. ":" .. (i - 5), ARGV[i], ARGV[5])
end
record(action, first, "", "", token)
return {1, text(now), "", ""}
`);

/** How long a reset is kept, in milliseconds. After that no instance remembers a denial from before it. */
const RESET_KEPT_MS = 60_000;

/** The most characters of keys in one entry, because readers ignore longer entries. */
const MOST_OF_KEYS = 30_000;

/** The author and the reason of a change. */
export interface Changing {
  readonly reason: string;
  readonly by: string;
}

/** The result of a change. */
export interface Changed {
  /** False when nothing was changed: the document is full, or the entry does not exist. */
  readonly isDone: boolean;
  /** Milliseconds since 1970, on Redis's clock. */
  readonly now: number;
  /** The entry and its note, as they are or were in the store. */
  readonly entry: string;
  readonly note: string;
}

/** An entry that is set. */
export interface NewEntry {
  readonly id: string;
  readonly entry: object;
  readonly forMs: number;
  /** Ids of entries for the same client that were made with the previous secret. They are removed. */
  readonly replaces: readonly string[];
}

/** Makes changes of the control document, each with one script. */
export class Changes {
  readonly #redis: ScriptStore;
  readonly #keys: string[];

  constructor(redis: ScriptStore, { entries, notes, version, log }: ControlKeys) {
    this.#redis = redis;
    this.#keys = [entries, notes, version, log];
  }

  /** @throws {StoreError} when the store fails or rejects the call */
  set(by: Changing, { id, entry, forMs, replaces }: NewEntry): Promise<Changed> {
    const note = JSON.stringify(by);
    return this.#run(SET, "set", by, [forMs, note, id, JSON.stringify(entry), ...replaces]);
  }

  /** @throws {StoreError} when the store fails or rejects the call */
  remove(by: Changing, id: string): Promise<Changed> {
    return this.#run(REMOVE, "remove", by, [id]);
  }

  /**
   * Announces to instances that limits were reset.
   *
   * @param keys of the limits
   * @throws {StoreError} when the store fails or rejects the call
   */
  reset(by: Changing, keys: readonly string[]): Promise<Changed> {
    const entries = parted(keys).map((part) => JSON.stringify({ kind: "reset", keys: part }));
    return this.#run(RESET, "reset", by, [RESET_KEPT_MS, ...entries]);
  }

  async #run(
    script: Script,
    action: string,
    { reason, by }: Changing,
    args: readonly (string | number)[],
  ): Promise<Changed> {
    const all = [crypto.randomUUID(), action, reason, by, ...args];
    const answer = await runScriptWithRetry(this.#redis, script, [...this.#keys], all);
    const [isDone, now, entry, note] = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (typeof entry === "string" && typeof note === "string") {
      return { isDone: isDone === 1, now: Number(now), entry, note };
    }
    throw new StoreError("STORE_BAD_ANSWER", "The script of a control change answered otherwise.");
  }
}

/** Splits keys into parts that each fit into one entry. */
function parted(keys: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [];
  let left = 0;
  for (const key of keys) {
    const { length } = JSON.stringify(key);
    if (length >= left) {
      parts.push([]);
      left = MOST_OF_KEYS;
    }
    parts.at(-1)?.push(key);
    left -= length + 1;
  }
  return parts;
}
