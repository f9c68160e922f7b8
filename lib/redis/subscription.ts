import { createParser } from "eventsource-parser";

/** The channel of a subscription, its store and its timeouts. */
export interface SubscriptionOptions {
  /** The store's REST address. */
  readonly url: string;
  /** The store's bearer token. */
  readonly token: string;
  /** The channel's name, without a comma, which ends the name in the stream. */
  readonly channel: string;
  /** The runtime's fetch, or another for tests. @default globalThis.fetch */
  readonly fetch?: typeof fetch;
  /** The time without a byte after which the stream counts as lost, in milliseconds. @default 60000 */
  readonly silentMs?: number;
  /** The pause before the next attempt at a store that refused, in milliseconds. @default 60000 */
  readonly refusedMs?: number;
}

/**
 * Why a subscription has no messages now. "unauthorized": the store refuses the token (401). "unsupported":
 * the store has no Pub/Sub, or not for this channel (400, 404 or 405). "unavailable": the store cannot be
 * reached, or answers another status. "ended": the stream has ended. "silent": no byte arrived for
 * `silentMs`.
 */
export type ClosedReason = "unauthorized" | "unsupported" | "unavailable" | "ended" | "silent";

/** A change of a subscription, or a message. */
export type SubscriptionEvent =
  /** The store has confirmed the subscription: messages that are published from now on arrive. */
  | { readonly kind: "open" }
  | { readonly kind: "message"; readonly payload: string }
  /** No messages arrive until the next "open"; those that are published meanwhile are missed. */
  | { readonly kind: "closed"; readonly reason: ClosedReason };

/** The pauses before another attempt: the first and the longest, in milliseconds. */
const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** The longest message, in characters; a longer one ends the stream. */
const MOST_CHARACTERS = 1_048_576;

const REFUSALS: ReadonlyMap<number, ClosedReason> = new Map([
  [401, "unauthorized"],
  [400, "unsupported"],
  [404, "unsupported"],
  [405, "unsupported"],
]);

/**
 * Subscribes to a channel of Redis over the store's REST API, and connects again when the stream is lost:
 * at first within 250 ms, then within up to 5 s, and every 60 s when the store refuses. No event holds the
 * token.
 *
 * @param onEvent must not throw
 * @returns `close`, which ends the subscription at once; `onEvent` is not called after it
 */
export function subscribe(
  options: SubscriptionOptions,
  onEvent: (event: SubscriptionEvent) => void,
): { readonly close: () => void } {
  const { refusedMs = 60_000 } = options;
  let attempts = 0;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let abort = new AbortController();
  let isClosed = false;
  const tell = (event: SubscriptionEvent) => {
    if (event.kind === "open") attempts = 0;
    if (!isClosed) onEvent(event);
  };
  const listen = async () => {
    abort = new AbortController();
    const reason = await readStream(options, abort, tell);
    tell({ kind: "closed", reason });
    // The caller may have closed the subscription in `onEvent`.
    if (isClosed) return;
    const isRefused = reason === "unauthorized" || reason === "unsupported";
    waiting = setTimeout(() => void listen(), isRefused ? refusedMs : pauseMs(attempts));
    attempts += 1;
  };
  void listen();
  return {
    close: () => {
      isClosed = true;
      clearTimeout(waiting);
      abort.abort();
    },
  };
}

/** Opens one stream, reads it to its end, and resolves to the reason of the end. */
async function readStream(
  { url, token, channel, silentMs = 60_000, ...options }: SubscriptionOptions,
  abort: AbortController,
  tell: (event: SubscriptionEvent) => void,
): Promise<ClosedReason> {
  const send = options.fetch ?? ((...call: Parameters<typeof fetch>) => fetch(...call));
  const parser = parserOf(channel, tell);
  let reason: ClosedReason = "unavailable";
  const giveUp = () => {
    reason = "silent";
    abort.abort();
  };
  let timer = setTimeout(giveUp, silentMs);
  try {
    const path = `/subscribe/${encodeURIComponent(channel)}`;
    const response = await send(url.replace(/\/+$/, "") + path, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
      cache: "no-store",
      redirect: "manual",
      signal: abort.signal,
    });
    if (response.status !== 200) return REFUSALS.get(response.status) ?? reason;
    reason = "ended";
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) return reason;
      clearTimeout(timer);
      timer = setTimeout(giveUp, silentMs);
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch {
    return reason;
  } finally {
    clearTimeout(timer);
    // An unread body would keep the connection open.
    abort.abort();
  }
}

function parserOf(channel: string, tell: (event: SubscriptionEvent) => void) {
  const head = `message,${channel},`;
  return createParser({
    maxBufferSize: MOST_CHARACTERS,
    onEvent: ({ event, data }) => {
      if (data.startsWith("subscribe,")) tell({ kind: "open" });
      if (!data.startsWith(head)) return;
      const text = data.slice(head.length);
      tell({ kind: "message", payload: event === "quoted" ? String(JSON.parse(text)) : text });
    },
  });
}

/**
 * Returns a pause that grows from 250 ms to 5 s. Half of it is random, so that clients do not reconnect at once.
 */
function pauseMs(attempts: number): number {
  const longest = Math.min(FIRST_MS * 2 ** Math.min(attempts, 10), LONGEST_MS);
  return longest * (0.5 + Math.random() / 2);
}
