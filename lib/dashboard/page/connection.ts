import { createParser } from "eventsource-parser";

/**
 * The state of the page's connection:
 * - `connecting`: nothing has arrived yet
 * - `live`: events arrive
 * - `lost`: the app does not answer, or the stream went silent
 * - `refused`: the session has ended, or the person no longer has access
 */
export type ConnectionState = "connecting" | "live" | "lost" | "refused";

/** The functions of a connection. */
export interface ConnectionOptions {
  /** Opens the stream. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  /** Called with the name and the JSON of each event. */
  readonly onEvent: (name: string, data: unknown) => void;
  /** Called when the state changes. */
  readonly onState: (state: ConnectionState) => void;
}

/** A stream that reconnects automatically. */
export interface Connection {
  /** Opens the stream at once, unless events arrive. */
  wake(): void;
  /** Closes the stream until `wake` is called. */
  sleep(): void;
}

/** The time without an event after which the stream counts as lost, in milliseconds. */
const SILENT_MS = 10_000;
/** A working stream has an event each second. */
const FRESH_MS = 3_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5_000;
const REFUSED_DELAY_MS = 30_000;
/** A stream that ends is opened again at once, but only after at least this time, in milliseconds. */
const AT_ONCE_MS = 1_000;

/** How a stream ended. */
type Ending = "ended" | "failed" | "refused";

/**
 * Opens a stream of Server-Sent Events, and opens it again whenever it ends or fails, until `sleep` is called.
 */
export function connect({ open, onEvent, onState }: ConnectionOptions): Connection {
  let state: ConnectionState = "connecting";
  let delay = FIRST_DELAY_MS;
  let lastEventAt = -Infinity;
  let openedAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stream: AbortController | undefined;

  const change = (next: ConnectionState): void => {
    if (next === state) return;
    state = next;
    onState(next);
  };

  /** Stops the stream, its timeout, and the wait for the next attempt. */
  const stop = (): void => {
    clearTimeout(timer);
    stream?.abort();
    stream = undefined;
  };

  const start = (): void => {
    stop();
    const own = new AbortController();
    stream = own;
    openedAt = performance.now();
    const finish = (ending: Ending): void => {
      if (stream !== own) return;
      stop();
      timer = setTimeout(start, waitAfter(ending));
    };
    const listen = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => finish("failed"), SILENT_MS);
    };
    const take = (name: string, data: unknown): void => {
      if (stream !== own) return;
      listen();
      lastEventAt = performance.now();
      delay = FIRST_DELAY_MS;
      change("live");
      if (name === "end") finish("ended");
      else onEvent(name, data);
    };
    listen();
    void read(open, own.signal, take).then(finish);
  };

  const waitAfter = (ending: Ending): number => {
    if (ending === "refused") {
      change("refused");
      return REFUSED_DELAY_MS;
    }
    const isFirst = performance.now() - openedAt >= AT_ONCE_MS;
    if (ending === "ended" && lastEventAt >= openedAt) return isFirst ? 0 : FIRST_DELAY_MS;
    change("lost");
    const wait = delay;
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    return wait;
  };

  start();
  return {
    wake() {
      const isWell = stream && performance.now() - lastEventAt < FRESH_MS;
      if (!isWell) start();
    },
    sleep: stop,
  };
}

/** Reads a stream to its end. Resolves to how it ended, and never rejects. */
async function read(
  open: ConnectionOptions["open"],
  signal: AbortSignal,
  take: (name: string, data: unknown) => void,
): Promise<Ending> {
  try {
    const response = await open(signal);
    if (isRefusal(response)) return "refused";
    if (!response.ok || !response.body || !isEventStream(response)) return "failed";
    const parser = createParser({
      onEvent: ({ event = "message", data }) => take(event, parsed(data)),
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      parser.feed(value);
    }
  } catch {
    return "failed";
  }
}

/** Returns true for a refusal. A redirect leads to a sign-in page. */
function isRefusal({ status, type }: Response): boolean {
  return [401, 403, 404].includes(status) || type === "opaqueredirect";
}

function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
