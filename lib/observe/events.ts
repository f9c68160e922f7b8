import type { HeadgateEvent, Listener } from "#lib/core/events";

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
    const pending = listeners.map((listener) => call(listener, event)).filter(isPromise);
    return pending.length > 0 ? Promise.allSettled(pending) : undefined;
  };
}

/** Calls one listener. What it throws is its own. */
function call(listener: Listener, event: HeadgateEvent): unknown {
  try {
    return listener(event);
  } catch {
    return undefined;
  }
}

/** By what it does: a runtime's own promises may be of another realm's class. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
