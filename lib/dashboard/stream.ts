import type { Entries } from "./entries.ts";
import type { Snapshots } from "./snapshots.ts";

/** The time between two snapshots for a page, in milliseconds. */
const EVERY_MS = 1_000;

/** A stream whose client does not read ends this long after its life, in milliseconds. */
const LATE_MS = 5_000;

/** The options of a stream. */
export interface StreamOptions {
  /** Aborts when the client has disconnected, on runtimes that report it. */
  readonly signal: AbortSignal;
  /** The life of the stream, in milliseconds. After it the page opens another one. */
  readonly lifeMs: number;
  /**
   * Called each second with a signal that aborts when this stream ends. Returns true when changes are
   * announced.
   */
  readonly listen: (ended: AbortSignal) => boolean;
  /** What is set while the app runs. Snapshots keep it up to date. */
  readonly entries: Pick<Entries, "key" | "now">;
  /** The name of an admin, who may change what is set; null for other viewers. */
  readonly admin: string | null;
  /** Called once, when the stream has ended. */
  readonly onEnd: () => void;
}

/**
 * Makes a stream of Server-Sent Events (HTML, 9.2): `snapshot` each second, `history` and `control` at the
 * beginning and when they have changed, and `end` before it ends. Each event is made when the client is ready
 * for it, so a slow client gets fewer events and none are queued.
 */
export function eventStream(
  snapshots: Snapshots,
  options: StreamOptions,
): ReadableStream<Uint8Array> {
  const { signal, lifeMs, listen, entries, admin, onEnd } = options;
  const ended = new AbortController();
  let late: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    if (ended.signal.aborted) return;
    clearTimeout(late);
    signal.removeEventListener("abort", end);
    ended.abort();
    onEnd();
  };
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const encoder = new TextEncoder();
  const endsAt = performance.now() + lifeMs;
  let nextAt = 0;
  let sentHistory: string | undefined;
  let sentControl: string | undefined;

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (ended.signal.aborted) return;
        const giveUp = () => {
          end();
          controller.close();
        };
        late = setTimeout(giveUp, lifeMs + LATE_MS);
      },
      async pull(controller) {
        await sleep(nextAt - performance.now(), ended.signal);
        nextAt = performance.now() + EVERY_MS;
        // A stream that was cancelled is already closed.
        if (ended.signal.aborted) return;
        const isOver = performance.now() >= endsAt;
        const text = isOver ? event("end", "{}") : await next();
        if (ended.signal.aborted) return;
        controller.enqueue(encoder.encode(text));
        if (!isOver) return;
        end();
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );

  async function next(): Promise<string> {
    const snapshot = await snapshots.take(listen(ended.signal));
    const key = snapshots.historyKey();
    const isNew = key !== sentHistory;
    sentHistory = key;
    return (
      (isNew ? event("history", snapshots.historyJson()) : "") +
      control() +
      event("snapshot", JSON.stringify(snapshot))
    );
  }

  function control(): string {
    const key = entries.key();
    if (key === sentControl) return "";
    sentControl = key;
    return event("control", JSON.stringify(entries.now(admin)));
  }
}

function event(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

/** Resolves after some milliseconds, or at once when the signal aborts. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
