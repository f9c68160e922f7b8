import type { Tools } from "#app/_domain/headgate";
import type { Entry } from "headgate/dedup";

/** The key group that one script works on: events, their counts, their stream and its totals. */
export const EVENTS = "events";

/** About how many events wait for totalling; beyond that the oldest are removed. */
export const MAX_WAITING = 100_000;

/** How long an event waits, in seconds: 31 days after the last event. */
export const WAITING_SECONDS = 31 * 24 * 3600;

/** Returns the key of the stream of events that wait for totalling. */
export function streamKey({ keys }: Pick<Tools, "keys">): string {
  return keys.grouped(EVENTS, "stream", "all");
}

/** Returns the stream entry of an event: its day and its type, without the session and the artist. */
export function entryOf(tools: Pick<Tools, "keys">, day: string, type: string): Entry {
  return {
    key: streamKey(tools),
    fields: { day, type },
    maxLength: MAX_WAITING,
    keep: WAITING_SECONDS,
  };
}

/** Returns the day of a time (UTC), such as "2026-01-09". */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
