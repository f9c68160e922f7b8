import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import type { Counter } from "headgate/dedup";
import { dayOf, EVENTS } from "./events.ts";

/** Counts of an artist's events by day (UTC). */
export interface Counters {
  /** Returns the counter that grows by one with an event of this type. */
  counterOf(artistId: string, type: string): Counter;
  /** Returns today's counts by type of event. */
  today(artistId: string): Promise<Readonly<Record<string, number>>>;
}

/** How long a day's counts are kept, in seconds: 90 days. */
export const KEPT_SECONDS = 90 * 24 * 3600;

const counts = z.nullable(z.record(z.string(), z.coerce.number()));

/**
 * Makes the counters: a hash in Redis for each artist and day.
 *
 * @param now returns milliseconds since 1970
 */
export function createCounters(
  { redis, keys, keyedHash }: Pick<Tools, "redis" | "keys" | "keyedHash">,
  now: () => number = Date.now,
): Counters {
  const keyOf = (artistId: string) =>
    keys.grouped(EVENTS, `counts:${dayOf(now())}`, keyedHash("artist", artistId));
  return {
    counterOf: (artistId, type) => ({ key: keyOf(artistId), field: type, keep: KEPT_SECONDS }),
    today: async (artistId) => counts.parse(await redis.hgetall(keyOf(artistId))) ?? {},
  };
}
