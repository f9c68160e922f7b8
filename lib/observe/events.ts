import type { Listener } from "#lib/core/events";

export type { HeadgateEvent, Listener } from "#lib/core/events";

/**
 * Returns one listener for several. Each is called with every event, and what one of them throws keeps
 * the event from none of the others.
 *
 * @example
 * const onEvent = toEach([logEvents(console.warn), (event) => metrics.count(event.kind)]);
 */
export function toEach(listeners: readonly Listener[]): Listener {
  return (event) => {
    const pending: Promise<unknown>[] = [];
    for (const listener of listeners) {
      try {
        const result = listener(event);
        if (isPromise(result)) pending.push(result);
      } catch {
        // What one listener throws is its own.
      }
    }
    return pending.length > 0 ? Promise.allSettled(pending) : undefined;
  };
}

/** By what it does: a runtime's own promises may be of another realm's class. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
