import { CHANGED } from "#lib/observe/counts-script";
import type { Keys } from "#lib/redis/keys";
import { subscribe } from "#lib/redis/subscription";

/** Where changes are announced. */
export interface ChangesParts {
  /** Undefined where the store is not reached by REST: then nothing is announced. */
  readonly rest: { readonly url: string; readonly token: string } | undefined;
  readonly keys: Keys;
  /** Called for each change, and when announcements begin: something may have changed before. */
  readonly onChange: () => void;
}

/**
 * Listens to what instances announce when they have written counts, by Redis Pub/Sub. The process has one
 * subscription at most. It belongs to one of the streams that listen, since in workerd a connection ends
 * with the request that opened it; when that stream ends, the next that asks takes over.
 */
export class Changes {
  readonly #parts: ChangesParts;
  #isOpen = false;
  #subscription: { close(): void } | undefined;

  constructor(parts: ChangesParts) {
    this.#parts = parts;
  }

  /** Listens until `ended` aborts, where no other stream does. Returns true where changes are announced now. */
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
