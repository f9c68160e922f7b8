import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { type Counters, createCounters } from "./counters.ts";

/** How long the same event of the same session counts once, in seconds. */
export const DEDUP_SECONDS = 300;

const id = z.string().regex(/^[\w.:-]{1,128}$/, "1 to 128 letters, digits, and . : _ -");

/** An event as a page sends it. */
export const event = z.strictObject({
  type: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "1 to 64 of a-z, 0-9 and _, a letter first"),
  artistId: id,
  sessionId: id,
});

export type AnalyticsEvent = z.infer<typeof event>;

/** What is answered: whether the event was counted. */
export type Tracked =
  | { readonly tracked: true }
  | { readonly tracked: false; readonly reason: "duplicate" };

type TrackParts = Pick<Tools, "dedup"> & Parameters<typeof createCounters>[0];

/**
 * Counts an event for its artist and day, once in five minutes for a session.
 *
 * @throws {StoreError} where it could not be counted: then it may be sent again, and counts
 */
export async function track(
  parts: TrackParts,
  { type, artistId, sessionId }: AnalyticsEvent,
  counters: Pick<Counters, "add"> = createCounters(parts),
): Promise<Tracked> {
  // JSON keeps the three apart, whatever they hold.
  const key = JSON.stringify([sessionId, type, artistId]);
  const claim = await parts.dedup.claimEvent(key, DEDUP_SECONDS);
  if (!claim.isFirst) return { tracked: false, reason: "duplicate" };
  try {
    await counters.add(artistId, type);
  } catch (error) {
    await claim.giveUp();
    throw error;
  }
  return { tracked: true };
}
