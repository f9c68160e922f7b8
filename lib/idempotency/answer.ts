import { fromBase64, toBase64 } from "#lib/core/base64";
import { readUpTo } from "#lib/core/read-up-to";

/** An answer as it is kept: what JSON can say. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** In base64; null for none. */
  readonly body: string | null;
}

/** Whose cookie it is, and of which connection, is the first answer's alone. */
const NOT_KEPT = new Set([
  "set-cookie",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "trailer",
  "upgrade",
  "content-length",
  "date",
]);

/** What Next says to itself: x-middleware-set-cookie is the cookies once more. */
const NEXTS_OWN = "x-middleware-";

/** Says that the answer that a client reads is not the first one of its request. */
export const REPLAYED = "Idempotency-Replayed";

/** Answers that say "later": kept, they would say so for as long as the key is known. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Whether an answer is a request's outcome, or it may be asked again: it failed, or is to wait. What
 * was taken (202) or is elsewhere (3xx) is an outcome, whenever that is to be asked for.
 */
export function isOutcome({ status, headers }: Response): boolean {
  // That of an error of the network is 0, and there is no such answer.
  if (status < 200 || status >= 500) return false;
  return status < 400 || (!LATER.has(status) && !headers.has("retry-after"));
}

/**
 * An answer as it is kept, read from a copy; undefined where its body has more bytes than `maxBytes`.
 * A stream is read to its end first.
 *
 * @throws whatever a stream breaks off with; {TypeError} for a body that was read already
 */
export async function keepAnswer(
  answer: Response,
  maxBytes: number,
): Promise<KeptAnswer | undefined> {
  const { body } = answer.clone();
  const bytes = body ? await readUpTo(body, maxBytes) : undefined;
  if (body && !bytes) return undefined;
  const headers = [...answer.headers].filter(([name]) => isKept(name));
  return { status: answer.status, headers, body: bytes ? toBase64(bytes) : null };
}

/**
 * The same answer, which calls `onEnd` when its body has been read, was cancelled or broke off: once,
 * and before the reader is told. A server may drop the answer unread, and cancel nothing, when the client
 * has disconnected: then `signal` says so.
 */
export function untilRead(
  answer: Response,
  onEnd: () => Promise<void>,
  signal: AbortSignal,
): Response {
  const reader = answer.body?.getReader();
  if (!reader) return answer;
  let hasEnded = false;
  const end = async () => {
    if (hasEnded) return;
    hasEnded = true;
    await onEnd();
  };
  if (signal.aborted) void end();
  else signal.addEventListener("abort", () => void end(), { once: true });
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
      } catch (error) {
        await end();
        return controller.error(error);
      }
      await end();
      controller.close();
    },
    async cancel(reason) {
      await Promise.all([reader.cancel(reason), end()]);
    },
  };
  const { status, statusText, headers } = answer;
  return new Response(new ReadableStream(source, { highWaterMark: 0 }), {
    status,
    statusText,
    headers,
  });
}

function isKept(header: string): boolean {
  return !NOT_KEPT.has(header) && !header.startsWith(NEXTS_OWN);
}

/** The kept answer as it was, and that it is so; undefined where what was kept is none. */
export function replay(kept: unknown): Response | undefined {
  if (!isKeptAnswer(kept)) return undefined;
  const { status, body } = kept;
  const bytes = body === null ? null : (fromBase64(body) ?? null);
  const headers = new Headers(kept.headers.map(([name, value]): [string, string] => [name, value]));
  headers.set(REPLAYED, "true");
  return new Response(bytes, { status, headers });
}

/** It was sealed by this app; what is looked at is whether an answer was kept. */
function isKeptAnswer(kept: unknown): kept is KeptAnswer {
  return typeof kept === "object" && kept !== null && "status" in kept && "headers" in kept;
}
