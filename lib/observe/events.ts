import type { HeadgateEvent, Listener } from "#lib/core/events";

export type { HeadgateEvent, Listener } from "#lib/core/events";

/**
 * Returns one listener for several. Each is called with every event, even when another one throws.
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

/** Calls one listener, and ignores errors that it throws. */
function call(listener: Listener, event: HeadgateEvent): unknown {
  try {
    return listener(event);
  } catch {
    return undefined;
  }
}

/** Returns true for an object with `then`, because a promise may have the class of another realm. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
