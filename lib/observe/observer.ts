import type { HeadgateEvent, Listener } from "#lib/core/events";

/** Calls a listener with events, after the response. */
export class Observer {
  /** True when there is a listener. Without one, no events are made. */
  readonly hasListener: boolean;
  readonly #listener: Listener | undefined;

  constructor(listener: Listener | undefined) {
    this.hasListener = listener !== undefined;
    this.#listener = listener;
  }

  /**
   * Calls the listener with events and then does the work, both after the response. An error of the work
   * becomes a `failure` event with `during: "report"`, after the other events. Never rejects.
   */
  async after(events: readonly HeadgateEvent[], work?: () => Promise<void>): Promise<void> {
    await afterResponse();
    const deliveries = events.map((event) => this.#deliver(event));
    try {
      await work?.();
    } catch (error) {
      deliveries.push(this.#deliver({ kind: "failure", during: "report", error }));
    }
    await Promise.all(deliveries);
  }

  async #deliver(event: HeadgateEvent): Promise<void> {
    try {
      await this.#listener?.(event);
    } catch {
      // An error of a listener must not fail a request or the process.
    }
  }
}

/** Resolves one turn of the event loop later, when the response has been sent. */
export function afterResponse(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
