import type { Requester, UpstashRequest, UpstashResponse } from "./upstash-protocol.ts";
import { nameOf } from "./protocol.ts";
import { asStoreError, errorIn, StoreError } from "./errors.ts";

/** The longest that a call waits for its batch, in milliseconds. */
export const GATHER_MS = 5;

/** The most calls of a batch, and the most characters of their bodies. */
const MOST_CALLS = 100;
const MOST_CHARACTERS = 256 * 1024;

/** The most calls that wait; further calls fail with an error that says so. */
const MOST_WAITING = 10_000;

/** A call that waits for its batch. */
interface Waiting {
  readonly body: unknown;
  readonly characters: number;
  readonly resolve: (answer: UpstashResponse<unknown>) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * Batches the calls of concurrent requests. The first call is sent at once. While it is in flight, other
 * calls wait; they are sent in their order as one `/pipeline` when it ends, or after {@link GATHER_MS}. So a
 * slow call delays no other call for long, and each call gets its own answer or error.
 *
 * It is for a process in which a request may await the call of another request: our server, and not
 * Vercel's edge or workerd, which forbid it.
 *
 * @param requester sends the calls and the pipelines, and has its own breaker
 */
export function batchCalls(requester: Requester): Requester {
  const waiting: Waiting[] = [];
  let inFlight = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function track<T>(call: Promise<T>): Promise<T> {
    inFlight += 1;
    try {
      return await call;
    } finally {
      inFlight -= 1;
      sendWaiting();
    }
  }

  function sendWaiting(): void {
    clearTimeout(timer);
    timer = undefined;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, sizeOfBatch(waiting));
      void track(sendBatch(requester, batch));
    }
  }

  return {
    async request<Result>(request: UpstashRequest): Promise<UpstashResponse<Result>> {
      // A pipeline or a transaction is a batch already.
      if (request.path !== undefined) return requester.request<Result>(request);
      if (inFlight === 0) return track(requester.request<Result>(request));
      if (waiting.length >= MOST_WAITING) throw tooMany();
      timer ??= setTimeout(sendWaiting, GATHER_MS);
      const answer = await new Promise<UpstashResponse<unknown>>((resolve, reject) => {
        const { body } = request;
        waiting.push({ body, characters: JSON.stringify(body).length, resolve, reject });
      });
      return answer as UpstashResponse<Result>;
    },
  };
}

/** Returns how many of the waiting calls fit into one batch: at least one. */
function sizeOfBatch(waiting: readonly Waiting[]): number {
  let characters = 0;
  for (const [at, call] of waiting.entries()) {
    characters += call.characters;
    if (at > 0 && (at >= MOST_CALLS || characters > MOST_CHARACTERS)) return at;
  }
  return waiting.length;
}

/** Sends a batch and settles each of its calls. It never rejects. */
async function sendBatch(requester: Requester, batch: readonly Waiting[]): Promise<void> {
  const [only, ...more] = batch;
  if (!only) return;
  try {
    if (more.length === 0) {
      only.resolve(await requester.request({ body: only.body }));
      return;
    }
    const body = batch.map((call) => call.body);
    const answers: unknown = await requester.request({ path: ["pipeline"], body });
    for (const [i, call] of batch.entries()) {
      settle(call, Array.isArray(answers) ? (answers[i] as unknown) : undefined);
    }
  } catch (cause) {
    const error = asStoreError(cause);
    for (const { body, resolve, reject } of batch) {
      // Nothing was sent. The breaker may reject scripts only, so it must decide about each call separately.
      if (error.code !== "STORE_NOT_TRIED") reject(error);
      else requester.request({ body }).then(resolve, reject);
    }
  }
}

function settle({ body, resolve, reject }: Waiting, answer: unknown): void {
  const error = errorIn(nameOf(body), answer);
  if (error) reject(error);
  else resolve(answer as UpstashResponse<unknown>);
}

function tooMany(): StoreError {
  return new StoreError(
    "STORE_NOT_TRIED",
    `Not sent: ${MOST_WAITING} calls wait already, since the store is slower than they arrive.`,
  );
}
