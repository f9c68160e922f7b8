import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";

/** Counts of an artist's events by day (UTC). */
export interface Counters {
  /** Adds one to today's count of a type of event. */
  add(artistId: string, type: string): Promise<void>;
  /** Today's counts by type of event. */
  today(artistId: string): Promise<Readonly<Record<string, number>>>;
}

/** How long a day's counts are kept, in seconds: 90 days. */
export const KEPT_SECONDS = 90 * 24 * 3600;

const counts = z.nullable(z.record(z.string(), z.coerce.number()));

/**
 * Makes the counters: a hash in Redis for each artist and day.
 *
 * @param now milliseconds since 1970
 */
export function createCounters(
  { redis, keys, pseudonym }: Pick<Tools, "redis" | "keys" | "pseudonym">,
  now: () => number = Date.now,
): Counters {
  const keyOf = (artistId: string) => {
    const day = new Date(now()).toISOString().slice(0, 10);
    return keys.app(`events:${day}`, pseudonym("artist", artistId));
  };
  return {
    async add(artistId, type) {
      const key = keyOf(artistId);
      await redis.multi().hincrby(key, type, 1).expire(key, KEPT_SECONDS).exec();
    },
    today: async (artistId) => counts.parse(await redis.hgetall(keyOf(artistId))) ?? {},
  };
}
