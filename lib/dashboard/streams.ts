import { streamAnswer, textAnswer } from "./answers.ts";
import type { DashboardParts } from "./parts.ts";
import { eventStream } from "./stream.ts";

/** The most streams that a process serves at once. */
const MOST_STREAMS = 1_000;

/** Serves streams of events, all from the same snapshots. */
export class Streams {
  readonly #parts: Pick<DashboardParts, "snapshots" | "changes" | "entries">;
  readonly #lifeMs: number;
  #open = 0;

  /** @param lifeMs the life of a stream, in milliseconds */
  constructor(parts: Pick<DashboardParts, "snapshots" | "changes" | "entries">, lifeMs: number) {
    this.#parts = parts;
    this.#lifeMs = lifeMs;
  }

  /**
   * Opens a stream for a page. Answers with 503 when there are too many.
   *
   * @param admin the name of an admin, who may change what is set; null for other viewers
   */
  open({ method, signal }: Request, admin: string | null): Response {
    if (this.#open >= MOST_STREAMS) return textAnswer(503, "Too many pages are open.");
    if (method === "HEAD") return streamAnswer(new ReadableStream({ start: closed }));
    const { snapshots, changes, entries } = this.#parts;
    this.#open += 1;
    const stream = eventStream(snapshots, {
      signal,
      lifeMs: this.#lifeMs,
      listen: (ended) => changes.listen(ended),
      entries,
      admin,
      onEnd: () => void (this.#open -= 1),
    });
    return streamAnswer(stream);
  }
}

function closed(controller: ReadableStreamDefaultController<Uint8Array>): void {
  controller.close();
}
