import { CHANGED } from "#lib/observe/counts-script";
import type { Keys } from "#lib/redis/keys";
import { subscribe } from "#lib/redis/subscription";

/** The store that announces changes, and the listener. */
export interface ChangesParts {
  /** The store; undefined when it is not reached by REST, so that nothing is announced. */
  readonly rest: { readonly url: string; readonly token: string } | undefined;
  readonly keys: Keys;
  /** Called for each change, and when announcements begin, because something may have changed before. */
  readonly onChange: () => void;
}

/**
 * Listens by Redis Pub/Sub to announcements of instances that have written counts. The process has at most
 * one subscription. It belongs to one of the listening streams, because in workerd a connection ends with the
 * request that opened it. When that stream ends, the next stream that calls `listen` subscribes.
 */
export class Changes {
  readonly #parts: ChangesParts;
  #isOpen = false;
  #subscription: { close(): void } | undefined;

  constructor(parts: ChangesParts) {
    this.#parts = parts;
  }

  /**
   * Listens until `ended` aborts, unless another stream listens. Returns true when changes are announced now.
   */
  listen(ended: AbortSignal): boolean {
    const { rest } = this.#parts;
    if (!this.#subscription && rest && !ended.aborted) this.#open(rest, ended);
    return this.#isOpen;
  }

  #open(rest: { readonly url: string; readonly token: string }, ended: AbortSignal): void {
    const { keys, onChange } = this.#parts;
    const channel = keys.counters(CHANGED);
    const subscription = subscribe({ ...rest, channel }, ({ kind }) => {
      this.#isOpen = kind !== "closed";
      if (kind !== "closed") onChange();
    });
    this.#subscription = subscription;
    const close = () => {
      subscription.close();
      this.#subscription = undefined;
      this.#isOpen = false;
    };
    ended.addEventListener("abort", close, { once: true });
  }
}
