import type { Requester, UpstashRequest, UpstashResponse } from "./upstash-protocol.ts";
import { nameOf } from "./protocol.ts";
import { asStoreError, errorIn, StoreError } from "./errors.ts";

/** How long a call waits at most for others to go with, in milliseconds. */
export const GATHER_MS = 5;

/** As many calls go together at most, and as many characters of what they send. */
const MOST_CALLS = 100;
const MOST_CHARACTERS = 256 * 1024;

/** As many wait at most; whoever comes then is told so. */
const MOST_WAITING = 10_000;

/** A call that waits for one that is on its way. */
interface Waiting {
  readonly body: unknown;
  readonly characters: number;
  readonly resolve: (answer: UpstashResponse<unknown>) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * Joins the calls of requests that are served at the same time: the first goes at once, others gather
 * while it is on its way and follow as one `/pipeline`, in their order, when it has landed, or after
 * {@link GATHER_MS} where it takes longer. So a slow call holds nobody, and each has an answer or an
 * error of its own. For a process that may let a request wait for another's call: our own server, and
 * not Vercel's edge or workerd, which forbid it.
 *
 * @param requester sends each of the calls, or of the pipelines; with a breaker of its own
 */
export function joinCalls(requester: Requester): Requester {
  const waiting: Waiting[] = [];
  let onTheirWay = 0;
  let gathering: ReturnType<typeof setTimeout> | undefined;

  async function fly<T>(calls: Promise<T>): Promise<T> {
    onTheirWay += 1;
    try {
      return await calls;
    } finally {
      onTheirWay -= 1;
      takeOff();
    }
  }

  function takeOff(): void {
    clearTimeout(gathering);
    gathering = undefined;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, fitting(waiting));
      void fly(sendTogether(requester, batch));
    }
  }

  return {
    async request<Result>(request: UpstashRequest): Promise<UpstashResponse<Result>> {
      // A pipeline or a transaction is as joined as it can be.
      if (request.path !== undefined) return requester.request<Result>(request);
      if (onTheirWay === 0) return fly(requester.request<Result>(request));
      if (waiting.length >= MOST_WAITING) throw tooMany();
      gathering ??= setTimeout(takeOff, GATHER_MS);
      const answer = await new Promise<UpstashResponse<unknown>>((resolve, reject) => {
        const { body } = request;
        waiting.push({ body, characters: JSON.stringify(body).length, resolve, reject });
      });
      return answer as UpstashResponse<Result>;
    },
  };
}

/** How many of those that wait go together: one at least. */
function fitting(waiting: readonly Waiting[]): number {
  let characters = 0;
  for (const [at, call] of waiting.entries()) {
    characters += call.characters;
    if (at > 0 && (at >= MOST_CALLS || characters > MOST_CHARACTERS)) return at;
  }
  return waiting.length;
}

/** Never rejects: each of the callers is told. */
async function sendTogether(requester: Requester, batch: readonly Waiting[]): Promise<void> {
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
      tell(call, Array.isArray(answers) ? (answers[i] as unknown) : undefined);
    }
  } catch (cause) {
    const error = asStoreError(cause);
    for (const { body, resolve, reject } of batch) {
      // Nothing was sent. The breaker may refuse scripts alone: it decides about each call by itself.
      if (error.code !== "STORE_NOT_TRIED") reject(error);
      else requester.request({ body }).then(resolve, reject);
    }
  }
}

function tell({ body, resolve, reject }: Waiting, answer: unknown): void {
  const error = errorIn(nameOf(body), answer);
  if (error) reject(error);
  else resolve(answer as UpstashResponse<unknown>);
}

function tooMany(): StoreError {
  return new StoreError(
    "STORE_NOT_TRIED",
    `Not sent: ${MOST_WAITING} calls wait for the store already, which is slower than they come.`,
  );
}
