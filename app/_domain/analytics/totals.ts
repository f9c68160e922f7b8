import { type Keys, runScriptWithRetry, type ScriptStore } from "headgate/redis";
import { EVENTS, streamKey, WAITING_SECONDS } from "./events.ts";
import { ALL_FIELDS, LEAVE, LENGTHS, NEWEST, SETTLE, RECEIVE } from "./totals-scripts.ts";

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
export interface Received {
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
    async receive(
      consumer: string,
      { most, abandonedMs, cursor }: { most: number; abandonedMs: number; cursor: string },
    ): Promise<Received> {
      const args = [GROUP, consumer, most, abandonedMs, cursor, WAITING_MS];
      // A call whose answer is lost is sent again, and then returns the events of the first call.
      const [next, entries] = (await runScriptWithRetry(redis, RECEIVE, [stream], args)) as [
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
