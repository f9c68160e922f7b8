import { fromBase64, toBase64 } from "#lib/core/base64";
import { readUpTo } from "#lib/core/read-up-to";

/** A response as it is stored: data that JSON can represent. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** In base64; null for a response without a body. */
  readonly body: string | null;
}

/** These headers belong to one client or one connection, so a replay must not repeat them. */
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

/** The prefix of headers that Next uses internally: x-middleware-set-cookie repeats the cookies. */
const NEXTS_OWN = "x-middleware-";

/** The header that marks a replayed response. */
export const REPLAYED = "Idempotency-Replayed";

/** Statuses that mean "later": a replay would repeat them until the key expires. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Returns true when a response is the outcome of its request, so that it is stored and replayed. A
 * response that failed or asks the client to wait is not. A 202 and a redirect are outcomes, whatever
 * their Retry-After.
 */
export function isOutcome({ status, headers }: Response): boolean {
  // A network error response has the status 0.
  if (status < 200 || status >= 500) return false;
  return status < 400 || (!LATER.has(status) && !headers.has("retry-after"));
}

/**
 * Returns a response as it is stored, from a copy; undefined when its body is larger than `maxBytes`. A
 * stream is read to its end first.
 *
 * @throws every error that the stream breaks off with; {TypeError} for a body that was read already
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
 * Returns the same response, which calls `onEnd` once its body was read, was cancelled or broke off,
 * before the reader learns of it. When the client disconnects, a server may drop the response without
 * reading or cancelling it: then the abort of `signal` calls `onEnd`.
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

/** Returns the stored response, marked as replayed; undefined when no response was stored. */
export function replay(kept: unknown): Response | undefined {
  if (!isKeptAnswer(kept)) return undefined;
  const { status, body } = kept;
  const bytes = body === null ? null : (fromBase64(body) ?? null);
  const headers = new Headers(kept.headers.map(([name, value]): [string, string] => [name, value]));
  headers.set(REPLAYED, "true");
  return new Response(bytes, { status, headers });
}

/**
 * The value was encrypted by this app, so only the difference between a response and no response is
 * checked.
 */
function isKeptAnswer(kept: unknown): kept is KeptAnswer {
  return typeof kept === "object" && kept !== null && "status" in kept && "headers" in kept;
}
