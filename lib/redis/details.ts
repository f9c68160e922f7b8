import type { Requester, UpstashResponse } from "./upstash-protocol.ts";

/** The value of a detail that the store does not report. */
export type NotAvailable = "not available";

const NOT_AVAILABLE: NotAvailable = "not available";

/** The number of slow commands that are read and reported. */
const SLOW_COMMANDS = 10;

/** A command of Redis's slow log, without its keys, its values and its client. */
export interface SlowCommand {
  /** Its name in capitals, such as EVALSHA. */
  readonly command: string;
  /** When it began, by Redis's clock (ISO 8601). */
  readonly at: string;
  /** How long it ran, in milliseconds. */
  readonly tookMs: number;
}

/** The state of Redis; "not available" for each detail that the store does not report. */
export interface StoreDetails {
  /** Bytes that Redis uses. */
  readonly memoryUsedBytes: number | NotAvailable;
  /** Bytes that Redis may use (`maxmemory`); 0 when there is no bound. */
  readonly memoryMaxBytes: number | NotAvailable;
  /** The part of `maxmemory` that Redis uses, from 0 to 1; "not available" when there is no bound. */
  readonly memoryUsedShare: number | NotAvailable;
  /** What Redis does when its memory is full (`maxmemory-policy`), or "not available"; it must be "noeviction". */
  readonly evictionPolicy: string;
  /** Keys that Redis has deleted since its start because its memory was full. */
  readonly evictedKeys: number | NotAvailable;
  /** Clients that are connected to Redis. */
  readonly connectedClients: number | NotAvailable;
  /** Keys in the database. */
  readonly keys: number | NotAvailable;
  /** The last ten slow commands, the newest first. */
  readonly slowLog: readonly SlowCommand[] | NotAvailable;
}

/**
 * Reads the state of Redis by INFO, DBSIZE and SLOWLOG in one pipeline. In a Redis Cluster INFO and SLOWLOG
 * cover one node.
 *
 * @throws {StoreError} when the store does not answer
 */
export async function readDetails(requester: Requester): Promise<StoreDetails> {
  const body = [["INFO"], ["DBSIZE"], ["SLOWLOG", "GET", SLOW_COMMANDS]];
  const answers: unknown = await requester.request({ path: ["pipeline"], body });
  return detailsOf(Array.isArray(answers) ? (answers as readonly UpstashResponse<unknown>[]) : []);
}

function detailsOf(answers: readonly UpstashResponse<unknown>[]): StoreDetails {
  const [info, size, slow] = answers.map((answer) => answer.result);
  const fields = fieldsOf(typeof info === "string" ? info : "");
  const used = numberOf(fields.get("used_memory"));
  const max = numberOf(fields.get("maxmemory"));
  return {
    memoryUsedBytes: used,
    memoryMaxBytes: max,
    memoryUsedShare:
      used === NOT_AVAILABLE || max === NOT_AVAILABLE || max === 0
        ? NOT_AVAILABLE
        : Math.round((used / max) * 1000) / 1000,
    evictionPolicy: policyOf(fields.get("maxmemory_policy")),
    evictedKeys: numberOf(fields.get("evicted_keys")),
    connectedClients: numberOf(fields.get("connected_clients")),
    keys: numberOf(size),
    slowLog: Array.isArray(slow)
      ? slow.slice(0, SLOW_COMMANDS).flatMap((entry) => slowCommandOf(entry) ?? [])
      : NOT_AVAILABLE,
  };
}

/** The details of a store that does not answer. */
export const NO_DETAILS: StoreDetails = detailsOf([]);

/** Reads the lines of INFO: `name:value`. */
function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(
    [...info.matchAll(/^(\w+):([^\r\n]*)/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

function numberOf(value: unknown): number | NotAvailable {
  const isGiven = typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
  return isGiven ? Number(value) : NOT_AVAILABLE;
}

/** Returns a text that has the form of an eviction policy, and drops any other. */
function policyOf(value: string | undefined): string {
  return value !== undefined && /^[a-z-]{1,32}$/.test(value) ? value : NOT_AVAILABLE;
}

/**
 * Reads an entry `[id, seconds, microseconds, [command, …], client, name]`. It drops the arguments, the
 * client and its name, which may be personal data.
 */
function slowCommandOf(entry: unknown): SlowCommand | undefined {
  if (!Array.isArray(entry)) return undefined;
  const [, seconds, micros, words] = entry as readonly unknown[];
  const name: unknown = Array.isArray(words) ? words[0] : undefined;
  if (typeof seconds !== "number" || typeof micros !== "number") return undefined;
  return {
    command:
      typeof name === "string" && /^[a-z.]{1,24}$/i.test(name) ? name.toUpperCase() : "another",
    at: new Date(seconds * 1000).toISOString(),
    tookMs: micros / 1000,
  };
}
