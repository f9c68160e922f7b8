import type { Tools } from "#app/_domain/headgate";
import type { Entry } from "headgate/dedup";

/** The group of keys that one script works on: events, their counts, their stream and its totals. */
export const EVENTS = "events";

/** About how many events wait to be totalled: the oldest go first. */
export const MAX_WAITING = 100_000;

/** How long an event waits, in seconds: 31 days after the last one. */
export const WAITING_SECONDS = 31 * 24 * 3600;

/** The stream of events that are to be totalled. */
export function streamKey({ keys }: Pick<Tools, "keys">): string {
  return keys.grouped(EVENTS, "stream", "all");
}

/** What an event leaves for the totals: its day and its type, and neither who nor of whom. */
export function entryOf(tools: Pick<Tools, "keys">, day: string, type: string): Entry {
  return {
    key: streamKey(tools),
    fields: { day, type },
    maxLength: MAX_WAITING,
    keep: WAITING_SECONDS,
  };
}

/** The day of a time (UTC), such as "2026-01-09". */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
