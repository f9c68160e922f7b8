import { once } from "node:events";
import type { Redis } from "ioredis";
import { errorReplyOf, unreachable } from "./redis-connection.ts";
import type { ErrorReply, MessageListener, Store, Subscription } from "./store.ts";

/** The connection that subscriptions are made like, and their timeout. */
export interface SubscriptionsOptions {
  /** Returns the client whose settings are copied; undefined while Redis cannot be reached. */
  readonly client: () => Redis | undefined;
  /** How long Redis may take to answer, in milliseconds. */
  readonly commandTimeoutMs: number;
}

/**
 * Makes the subscriptions of a store, on a connection beside that of its commands. In RESP2 a subscribed
 * connection accepts no other commands. The connection opens with the first subscription and closes with the
 * last. It never reconnects, because messages published meanwhile would be missed without notice. All its
 * subscriptions end with it, and the next subscription opens another.
 */
export function redisSubscriptions({ client, commandTimeoutMs }: SubscriptionsOptions) {
  let current: SubscriberConnection | undefined;
  const open = (): SubscriberConnection => {
    const redis = client()?.duplicate({ retryStrategy: () => null });
    if (!redis) throw unreachable();
    const opened = new SubscriberConnection(redis, commandTimeoutMs, () => {
      if (current === opened) current = undefined;
    });
    return opened;
  };
  const subscribe: Store["subscribe"] = async (subscription, listener) => {
    current ??= open();
    return await current.subscribe(subscription, listener);
  };
  return { subscribe, close: async () => current?.close() };
}

class SubscriberConnection {
  readonly #redis: Redis;
  readonly #commandTimeoutMs: number;
  readonly #ready: Promise<void>;
  /** Called when the connection accepts no more subscriptions. */
  readonly #ended: () => void;
  /** By kind and name. */
  readonly #listeners = new Map<string, MessageListener>();

  constructor(redis: Redis, commandTimeoutMs: number, ended: () => void) {
    this.#redis = redis;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#ended = ended;
    redis.on("messageBuffer", (channel: Buffer, payload: unknown) => {
      // When another client redirects client tracking here, the payload is a list of keys or null.
      if (Buffer.isBuffer(payload))
        this.#listeners.get(`channel ${channel.toString()}`)?.message(channel, payload);
    });
    redis.on("pmessageBuffer", (pattern: string, channel: Buffer, payload: Buffer) => {
      this.#listeners.get(`pattern ${pattern}`)?.message(channel, payload);
    });
    // The connection of the commands reports errors of Redis.
    redis.on("error", () => {});
    // Redis sends nothing while nothing is published, so only a PING shows that it still answers.
    const check = () => void redis.ping().catch(() => redis.disconnect());
    const checking = setInterval(check, commandTimeoutMs).unref();
    redis.once("end", () => {
      clearInterval(checking);
      this.#lose();
    });
    this.#ready = redis.connect();
  }

  async subscribe(
    subscription: Subscription,
    listener: MessageListener,
  ): Promise<(() => void) | ErrorReply> {
    const { kind, name } = subscription;
    // Set before the answer, because a message may come in the same packet.
    this.#listeners.set(`${kind} ${name}`, listener);
    try {
      await this.#ready;
      await (kind === "channel" ? this.#redis.subscribe(name) : this.#redis.psubscribe(name));
    } catch (error) {
      return this.#refused(subscription, error);
    }
    return () => {
      if (this.#listeners.get(`${kind} ${name}`) === listener) this.#leave(subscription);
    };
  }

  async close(): Promise<void> {
    const ended = this.#redis.status === "end" ? undefined : once(this.#redis, "end");
    this.#disconnect();
    await ended;
  }

  #refused(subscription: Subscription, error: unknown): ErrorReply {
    try {
      const reply = errorReplyOf(error, this.#commandTimeoutMs);
      this.#leave(subscription);
      return reply;
    } catch (lost) {
      // The answer may still come, and then no caller would end the subscription.
      this.#disconnect();
      throw lost;
    }
  }

  #leave({ kind, name }: Subscription): void {
    this.#listeners.delete(`${kind} ${name}`);
    if (this.#listeners.size === 0) return this.#disconnect();
    const redis = this.#redis;
    const left = kind === "channel" ? redis.unsubscribe(name) : redis.punsubscribe(name);
    left.catch(() => this.#disconnect());
  }

  #disconnect(): void {
    this.#ended();
    this.#redis.disconnect();
  }

  #lose(): void {
    this.#ended();
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.lost();
  }
}
