import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { createCounters } from "./counters.ts";
import { eventType } from "./event-type.ts";
import { dayOf, entryOf, EVENTS } from "./events.ts";

/** How long the same event of the same session counts once, in seconds. */
export const DEDUP_SECONDS = 300;

const id = z.string().regex(/^[\w.:-]{1,128}$/, "1 to 128 letters, digits, and . : _ -");

/** An event as a page sends it. */
export const event = z.strictObject({
  type: eventType,
  artistId: id,
  sessionId: id,
});

export type AnalyticsEvent = z.infer<typeof event>;

/** The response to an event: whether it was counted. */
export type Tracked =
  | { readonly tracked: true }
  | { readonly tracked: false; readonly reason: "duplicate" };

type TrackParts = Pick<Tools, "dedup"> & Parameters<typeof createCounters>[0];

/**
 * Counts an event for its artist and day, once in five minutes for a session. One step counts the event
 * and adds it to the waiting events, or does neither.
 *
 * @param now returns milliseconds since 1970
 * @throws {StoreError} when the event may not have been counted: the call may be repeated, and counts
 * once
 */
export async function track(
  parts: TrackParts,
  { type, artistId, sessionId }: AnalyticsEvent,
  now: () => number = Date.now,
): Promise<Tracked> {
  const at = now();
  // JSON keeps the three values separate, whatever characters they contain.
  const isFirst = await parts.dedup.count(JSON.stringify([sessionId, type, artistId]), {
    window: DEDUP_SECONDS,
    group: EVENTS,
    counters: [createCounters(parts, () => at).counterOf(artistId, type)],
    stream: entryOf(parts, dayOf(at), type),
  });
  return isFirst ? { tracked: true } : { tracked: false, reason: "duplicate" };
}
