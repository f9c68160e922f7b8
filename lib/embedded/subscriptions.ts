import type { MessageListener, Subscription } from "#lib/gateway/store/store";
import { type Bytes, toBuffer, toBytes } from "./bytes.ts";
import { globMatcher } from "./glob.ts";

/** The listeners of channels, by name or by pattern. */
export class Subscriptions {
  readonly #channels = new Map<Bytes, Set<MessageListener>>();
  readonly #patterns = new Map<Bytes, Set<MessageListener>>();

  /** Adds a listener; returns a function that removes it. */
  add({ kind, name }: Subscription, listener: MessageListener): () => void {
    const all = kind === "channel" ? this.#channels : this.#patterns;
    const key = toBytes(name);
    const listeners = all.get(key) ?? new Set();
    all.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && all.get(key) === listeners) all.delete(key);
    };
  }

  /**
   * Calls all listeners of a channel, in this turn of the event loop, and returns how many there are.
   *
   * @throws {CommandError} when a pattern takes too many steps to match; no listener was called then
   */
  publish(channel: Bytes, payload: Bytes): number {
    const receivers = [...(this.#channels.get(channel) ?? [])];
    for (const [pattern, listeners] of this.#patterns) {
      if (globMatcher(pattern)(channel)) receivers.push(...listeners);
    }
    const [name, bytes] = [toBuffer(channel), toBuffer(payload)];
    for (const listener of receivers) listener.message(name, bytes);
    return receivers.length;
  }

  /** Returns the names of channels with a listener by name. */
  channels(): Bytes[] {
    return [...this.#channels.keys()];
  }

  /** Returns how many listeners a channel has by name. */
  count(channel: Bytes): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  /** How many different patterns there are. */
  get patterns(): number {
    return this.#patterns.size;
  }

  /** Ends every subscription, and calls its listener. */
  close(): void {
    const all = [...this.#channels.values(), ...this.#patterns.values()];
    this.#channels.clear();
    this.#patterns.clear();
    for (const listeners of all) for (const listener of listeners) listener.lost();
  }
}
