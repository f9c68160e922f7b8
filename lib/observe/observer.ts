import type { HeadgateEvent, Listener } from "#lib/core/events";

/** Calls a listener with events, after the response. */
export class Observer {
  /** True where there is a listener: without one, events need not be made. */
  readonly isHeard: boolean;
  readonly #listener: Listener | undefined;

  constructor(listener: Listener | undefined) {
    this.isHeard = listener !== undefined;
    this.#listener = listener;
  }

  /**
   * Calls the listener with events and then does the work, both after the response. An error of the work
   * is reported after the events, as the failure of a report. Never rejects.
   */
  async after(events: readonly HeadgateEvent[], work?: () => Promise<void>): Promise<void> {
    await afterResponse();
    const told = events.map((event) => this.#tell(event));
    try {
      await work?.();
    } catch (error) {
      told.push(this.#tell({ kind: "failure", during: "report", error }));
    }
    await Promise.all(told);
  }

  async #tell(event: HeadgateEvent): Promise<void> {
    try {
      await this.#listener?.(event);
    } catch {
      // A listener's failure is its own: no request and no process is lost to it.
    }
  }
}

/** Resolves a turn of the event loop later, when the response is out. */
export function afterResponse(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
