import type { ServerResponse } from "node:http";
import { HeadgateError } from "#lib/core/errors";
import {
  ErrorReply,
  type MessageListener,
  type Store,
  type Subscription,
} from "#lib/gateway/store/store";
import { endStream } from "./event-stream.ts";
import { messageFrame, PING, subscribedFrame } from "./frames.ts";
import { RequestError } from "./request-error.ts";

/** The bounds of streams. */
export interface StreamBounds {
  /** The most streams at once. */
  readonly listeners: number;
  /** How many bytes of a stream may wait for its client. */
  readonly listenerBytes: number;
  /** How often every stream is sent a comment, in milliseconds. */
  readonly pingMs: number;
}

export interface StreamOptions extends StreamBounds {
  readonly store: Store;
}

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Without it, proxies such as nginx buffer messages until they have some kilobytes.
  "x-accel-buffering": "no",
  // The connection closes with the stream, so that no idle one is left.
  connection: "close",
};

/** All open streams of a gateway. Streams with the same channel or pattern share one subscription. */
export class Streams {
  readonly #options: StreamOptions;
  readonly #shared = new Map<string, SharedSubscription>();
  readonly #responses = new Set<ServerResponse>();
  #pinging: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /**
   * Responds to a request with the messages of a subscription. Resolves when the stream is open or its client has
   * disconnected.
   *
   * @throws {RequestError} 503 when there are too many streams or the gateway closes; 400 with the error of
   *   the store
   * @throws {HeadgateError} STORE_UNREACHABLE, STORE_TIMEOUT
   */
  async open(subscription: Subscription, response: ServerResponse): Promise<void> {
    const { listeners } = this.#options;
    if (this.#responses.size >= listeners) {
      throw new RequestError(503, `ERR ${listeners} streams are open already; try again`);
    }
    const shared = this.#sharedOf(subscription);
    this.#add(response);
    shared.members.add(response);
    const leave = () => {
      this.#remove(response);
      shared.members.delete(response);
      if (shared.members.size === 0) this.#drop(shared);
    };
    response.once("close", leave);
    try {
      await shared.made;
      if (shared.isLost) throw new HeadgateError("STORE_UNREACHABLE", "Redis is unavailable.");
      if (!this.#isOpen) throw new RequestError(503, "ERR the gateway is closing; try again");
    } catch (error) {
      leave();
      throw error;
    }
    if (response.closed) return;
    response.writeHead(200, HEADERS);
    response.write(subscribedFrame(subscription));
  }

  /** Opens no more streams. The server ends those that are open. */
  close(): void {
    this.#isOpen = false;
  }

  #sharedOf(subscription: Subscription): SharedSubscription {
    const key = keyOf(subscription);
    const known = this.#shared.get(key);
    if (known) return known;
    const made = new SharedSubscription(subscription, this.#options, () => this.#drop(made));
    this.#shared.set(key, made);
    return made;
  }

  /** Ends a subscription that has no more streams or whose connection was closed. */
  #drop(shared: SharedSubscription): void {
    const key = keyOf(shared.subscription);
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
    shared.end();
  }

  #add(response: ServerResponse): void {
    this.#responses.add(response);
    this.#pinging ??= setInterval(() => {
      for (const open of this.#responses) send(open, PING, this.#options.listenerBytes);
    }, this.#options.pingMs);
  }

  #remove(response: ServerResponse): void {
    this.#responses.delete(response);
    if (this.#responses.size > 0) return;
    clearInterval(this.#pinging);
    this.#pinging = undefined;
  }
}

/** One subscription of the store, and the streams that receive its messages. */
class SharedSubscription {
  readonly subscription: Subscription;
  readonly members = new Set<ServerResponse>();
  /** Resolves when the store has confirmed the subscription. */
  readonly made: Promise<void>;
  isLost = false;
  #unsubscribe = () => {};
  #hasEnded = false;

  constructor(subscription: Subscription, options: StreamOptions, lost: () => void) {
    this.subscription = subscription;
    const listener = {
      message: (channel: Buffer, payload: Buffer) => {
        const frame = messageFrame(subscription, channel, payload);
        for (const member of this.members) send(member, frame, options.listenerBytes);
      },
      lost: () => {
        this.isLost = true;
        // A stream that is not open yet is answered with an error.
        for (const member of this.members) if (member.headersSent) endStream(member);
        lost();
      },
    };
    this.made = this.#make(options.store, listener);
  }

  async #make(store: Store, listener: MessageListener): Promise<void> {
    const made = await store.subscribe(this.subscription, listener);
    if (made instanceof ErrorReply) throw new RequestError(400, made.message);
    if (this.#hasEnded) made();
    else this.#unsubscribe = made;
  }

  /** Ends the subscription. One that is not confirmed yet ends as soon as it is. */
  end(): void {
    this.#hasEnded = true;
    this.#unsubscribe();
    this.#unsubscribe = () => {};
  }
}

function keyOf({ kind, name }: Subscription): string {
  return `${kind} ${name}`;
}

/** Writes to a stream, or disconnects its client when too many bytes wait for it. */
function send(response: ServerResponse, bytes: Buffer, mostBytes: number): void {
  if (!response.headersSent || response.writableEnded) return;
  if (response.writableLength > mostBytes) response.destroy();
  else response.write(bytes);
}
