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
  return async (event) => {
    await Promise.allSettled(listeners.map(async (listener) => listener(event)));
  };
}
