import { once } from "node:events";
import type { Redis } from "ioredis";
import { errorReplyOf, unreachable } from "./redis-connection.ts";
import type { ErrorReply, MessageListener, Store, Subscription } from "./store.ts";

/** Where subscriptions are made. */
export interface SubscriptionsOptions {
  /** Returns a client to copy the settings of; undefined while Redis cannot be reached. */
  readonly client: () => Redis | undefined;
  /** How long Redis may take to answer, in milliseconds. */
  readonly commandTimeoutMs: number;
}

/**
 * All subscriptions of a store, on one connection beside that of its commands: in RESP2 a connection
 * that is subscribed takes no other command. It is opened with the first subscription and closed with
 * the last. It never reconnects: what was published meanwhile would be missed unseen. Every
 * subscription is lost with it, and the next one opens another.
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
  /** Called when the connection takes no more subscriptions. */
  readonly #ended: () => void;
  /** By kind and name. */
  readonly #listeners = new Map<string, MessageListener>();

  constructor(redis: Redis, commandTimeoutMs: number, ended: () => void) {
    this.#redis = redis;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#ended = ended;
    redis.on("messageBuffer", (channel: Buffer, payload: unknown) => {
      // Client tracking tells this connection of keys, where another client redirects it here: a list, or null.
      if (Buffer.isBuffer(payload))
        this.#listeners.get(`channel ${channel.toString()}`)?.message(channel, payload);
    });
    redis.on("pmessageBuffer", (pattern: string, channel: Buffer, payload: Buffer) => {
      this.#listeners.get(`pattern ${pattern}`)?.message(channel, payload);
    });
    // The connection of the commands reports what is wrong with Redis.
    redis.on("error", () => {});
    // Redis sends nothing while nothing is published: only an answer shows that it is still there.
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
    // Before the answer: a message may come in the same packet.
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
      // The answer may still come, and no caller would end that subscription.
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
