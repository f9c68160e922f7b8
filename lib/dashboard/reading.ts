import { controlKeys } from "#lib/control/keys";
import { countOf } from "./count.ts";
import type { Keys } from "#lib/redis/keys";
import { errorIn, type StoreError } from "#lib/redis/errors";
import type { Requester, UpstashResponse } from "#lib/redis/upstash-protocol";

/** The most denied client keys that are read for each hour. */
const DENIED = 50;

/** In a store with more keys than this, locks are not counted, because SCAN would visit all keys. */
const MOST_KEYS = 10_000;

/** How many keys SCAN visits in one step. */
const SCAN_STEP = 2_000;

type Command = readonly (string | number)[];

/** The connection and keys for reading the store. */
export interface Reader {
  readonly requester: Requester;
  readonly keys: Keys;
}

/** The data that is read each time. */
export interface Reading {
  /** The cumulative counters by field. */
  readonly totals: ReadonlyMap<string, number>;
  /** The version of what is set while the app runs; empty when nothing was ever set. */
  readonly controlVersion: string;
  /** Denied client keys with their counts, each after the name of its rule, by hour. */
  readonly denied: readonly (readonly (readonly [member: string, count: number])[])[];
}

/**
 * Reads the cumulative counters, the version of what is set while the app runs, and the client keys that were
 * denied most often in some hours.
 *
 * @param hours the starts of the hours, in milliseconds since 1970
 * @throws {StoreError} when the store is unavailable
 */
export async function readNow(reader: Reader, hours: readonly number[]): Promise<Reading> {
  const { keys } = reader;
  const [totals, version, ...denied] = await pipeline(reader, [
    ["HGETALL", keys.counters("totals")],
    ["GET", controlKeys(keys).version],
    ...hours.map((start) => [
      "ZREVRANGE",
      keys.counters(`denied:${start}`),
      0,
      DENIED - 1,
      "WITHSCORES",
    ]),
  ]);
  return {
    totals: new Map(pairsOf(textsOf(totals))),
    controlVersion: typeof version === "string" ? version : "",
    denied: denied.map((members) => pairsOf(textsOf(members))),
  };
}

/**
 * Reads the counters of some hours in one call: the fields and values of each, one after the other. An hour
 * of twenty rules is some 100 kB.
 *
 * @throws {StoreError} when the store is unavailable
 */
export async function readHours(
  reader: Reader,
  hours: readonly number[],
): Promise<readonly (readonly string[])[]> {
  if (hours.length === 0) return [];
  const commands = hours.map((start) => ["HGETALL", reader.keys.counters(`minutes:${start}`)]);
  return (await pipeline(reader, commands)).map(textsOf);
}

/** The state of the store at the last reading. */
export interface StoreReading {
  /** On the instance's own clock, in milliseconds since 1970; null when no reading succeeded. */
  readonly readAt: number | null;
  /** The round trip of the last successful reading, in milliseconds. */
  readonly roundTripMs?: number;
  /** Why the last reading, or the last write of a probe, failed. */
  readonly error?: StoreError;
}

/** Data that changes slowly. */
export interface SlowReading {
  readonly memoryBytes?: number;
  readonly memoryMaxBytes?: number;
  /**
   * The number of held locks; absent in a store with too many keys, and on a cluster, where SCAN covers one
   * node.
   */
  readonly locksHeld?: number;
}

/** Reads memory and held locks. Data that the store does not report is absent. Never rejects. */
export async function readSlow(reader: Reader, isCluster: boolean): Promise<SlowReading> {
  try {
    const [info, size] = await pipeline(reader, [["INFO", "memory"], ["DBSIZE"]]);
    const memory = memoryOf(typeof info === "string" ? info : "");
    const isSmall = typeof size === "number" && size <= MOST_KEYS && !isCluster;
    return { ...memory, ...(isSmall && { locksHeld: await countLocks(reader) }) };
  } catch {
    return {};
  }
}

async function countLocks(reader: Reader): Promise<number> {
  const pattern = reader.keys.lock("*").replace(/[[\]?\\^]/g, "\\$&");
  let cursor = "0";
  let found = 0;
  // New keys need more steps, but a store with wrong answers must not make the loop endless.
  for (let step = 0; step < (4 * MOST_KEYS) / SCAN_STEP; step += 1) {
    const scan: Command = ["SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_STEP];
    const [answer] = await pipeline(reader, [scan]);
    const [next, names] = Array.isArray(answer) ? (answer as readonly unknown[]) : [];
    found += Array.isArray(names) ? names.length : 0;
    cursor = typeof next === "string" ? next : "0";
    if (cursor === "0") break;
  }
  return found;
}

/** @throws {StoreError} when the store is unavailable, or rejects the first command */
async function pipeline(
  { requester }: Reader,
  commands: readonly Command[],
): Promise<readonly unknown[]> {
  const answer: unknown = await requester.request({ path: ["pipeline"], body: commands });
  const answers = Array.isArray(answer) ? (answer as readonly UpstashResponse<unknown>[]) : [];
  const error = errorIn(String(commands[0]?.[0]), answers[0]);
  if (error) throw error;
  return answers.map(({ result }) => result);
}

function textsOf(result: unknown): readonly string[] {
  return Array.isArray(result) ? result.map(String) : [];
}

function pairsOf(flat: readonly string[]): (readonly [string, number])[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, countOf(flat[i + 1])] as const] : []));
}

function memoryOf(info: string): Omit<SlowReading, "locksHeld"> {
  const numberOf = (name: string) => {
    const text = new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1];
    return text === undefined ? undefined : Number(text);
  };
  const [memoryBytes, memoryMaxBytes] = [numberOf("used_memory"), numberOf("maxmemory")];
  return {
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(memoryMaxBytes && { memoryMaxBytes }),
  };
}
