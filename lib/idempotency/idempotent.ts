import { toBase64 } from "#lib/core/base64";
import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { readUpTo } from "#lib/core/read-up-to";
import type { Claim, ClaimToken, Dedup } from "#lib/dedup/dedup";
import { commitDone } from "#lib/dedup/commit-done";
import { readDuration } from "#lib/dedup/options";
import { isOutcome, keepAnswer, replay } from "./answer.ts";
import { IDEMPOTENCY_KEY, readKey } from "./key.ts";
import * as refusals from "./refusals.ts";
import { answerThrown } from "./thrown.ts";

export interface IdempotencyParts {
  readonly dedup: Pick<Dedup, "claim" | "commit" | "release">;
  /** Hears of an answer that could not be kept. */
  readonly onFailure: (what: string, error: unknown) => void;
}

export interface IdempotencyOptions<R extends Request> {
  /**
   * Who asks, verified: nobody gets what another was answered. A request of nobody (undefined) is the
   * handler's alone, which may refuse it.
   */
  readonly caller: (request: R) => string | undefined | Promise<string | undefined>;
  /**
   * Whether a request without the header is refused.
   * @default true
   */
  readonly required?: boolean;
  /**
   * How long the handler may take: after it the same request may be run again.
   * @default "30 seconds"
   */
  readonly lease?: Duration;
  /**
   * How long the answer is kept, from the request on.
   * @default "24 hours"
   */
  readonly window?: Duration;
  /**
   * The largest body that is taken, in bytes.
   * @default 1048576
   */
  readonly maxBodyBytes?: number;
  /**
   * The largest answer that is kept, in bytes of its body. What is larger is not repeated: its request
   * is done, and whoever sends it again is told so.
   * @default 65536
   */
  readonly maxAnswerBytes?: number;
  /**
   * What becomes of a request with the header while the store fails: "closed", 503, so that nothing
   * is done twice; or "open", it is run.
   * @default "closed"
   */
  readonly onStoreFailure?: "open" | "closed";
}

/** A route handler; Next gives further arguments, such as the route's parameters. */
export type Handler<R extends Request, Rest extends readonly unknown[]> = (
  request: R,
  ...rest: Rest
) => Response | Promise<Response>;

/** The largest that `maxAnswerBytes` may be: what is kept of it is larger by a third. */
const MOST_ANSWER_BYTES = 512 * 1024;

/**
 * Makes a route handler idempotent: a request that is sent again with the same Idempotency-Key is not
 * run again, but gets the answer of the first (draft-ietf-httpapi-idempotency-key-header-07). An
 * answer of 5xx, or one that says "later", is not kept, and the request may be run again. The answer
 * is sent when all of it is there. What Next's `redirect()` and `notFound()` throw is an answer too.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT for options that cannot be
 */
export function idempotent<R extends Request, Rest extends readonly unknown[]>(
  handler: Handler<R, Rest>,
  { dedup, onFailure }: IdempotencyParts,
  options: IdempotencyOptions<R>,
): (request: R, ...rest: Rest) => Promise<Response> {
  const { caller, required = true, onStoreFailure = "closed" } = options;
  const { lease = "30 seconds", window = "24 hours" } = options;
  const { maxBodyBytes = 1024 * 1024, maxAnswerBytes = 64 * 1024 } = options;
  // Now, and not with the first request that has the header.
  readDuration("lease", lease);
  readDuration("window", window);
  checkBytes("maxBodyBytes", maxBodyBytes);
  checkBytes("maxAnswerBytes", maxAnswerBytes, MOST_ANSWER_BYTES);

  return async (request, ...rest) => {
    const reading = readKey(request.headers);
    if (reading.kind === "invalid") return refusals.invalidKey();
    if (reading.kind === "missing") {
      return required ? refusals.missingKey() : handler(request, ...rest);
    }
    const who = await caller(request);
    if (who === undefined) return handler(request, ...rest);
    const body = await readBody(request, maxBodyBytes);
    if (!(body instanceof Uint8Array)) return body;
    const payload = await payloadOf(request, who, body);
    const key = JSON.stringify([IDEMPOTENCY_KEY, who, reading.key]);
    const claim = await dedup.claim(key, { lease, window, payload, onStoreFailure });
    return claim.state === "first" ? run(claim, () => handler(request, ...rest)) : again(claim);
  };

  async function run(
    { token }: Extract<Claim, { state: "first" }>,
    handle: () => Response | Promise<Response>,
  ): Promise<Response> {
    let answer: Response;
    try {
      answer = await handle();
    } catch (thrown) {
      await finish(token, answerThrown(thrown));
      throw thrown;
    }
    await finish(token, answer);
    return answer;
  }

  /** Gives the request up where there is no outcome; else it is done, whatever becomes of its answer. */
  async function finish(token: ClaimToken, answer: Response | undefined): Promise<void> {
    if (!answer || !isOutcome(answer)) {
      await dedup.release(token);
      return;
    }
    const hear = (error: unknown) => onFailure("keeping an answer", error);
    try {
      const result = await keepAnswer(answer, maxAnswerBytes).catch(hear);
      const isKept = await commitDone(dedup, { token, result }, hear);
      if (!isKept) hear(new Error(LOST));
    } catch (error) {
      // It is answered all the same; sent again after the lease, it would be done again.
      hear(error);
    }
  }
}

const LOST = "It took longer than its lease, and the same request was run again.";

/** What a request gets that is not the first of its key. */
function again(claim: Exclude<Claim, { state: "first" }>): Response {
  if (claim.state === "other-payload") return refusals.otherRequest();
  if (claim.state === "duplicate") return replay(claim.result) ?? refusals.answerNotKept();
  return claim.isCertain
    ? refusals.inProgress(claim.retryAfterMs)
    : refusals.storeFailed(claim.retryAfterMs);
}

/** A body's bytes, of which the handler can still read its own copy; else what is answered. */
async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | Response> {
  const { body } = request.clone();
  if (!body) return new Uint8Array();
  try {
    return (await readUpTo(body, maxBytes)) ?? refusals.tooLarge(maxBytes);
  } catch {
    return refusals.brokenBody();
  }
}

/** What makes a request the same one. */
async function payloadOf(
  request: Request,
  who: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  const { pathname, search } = new URL(request.url);
  return JSON.stringify([request.method, pathname + search, who, toBase64(digest)]);
}

function checkBytes(name: string, given: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(given) && given >= 0 && given <= most) return;
  throw new HeadgateError(
    "DEDUP_BAD_ARGUMENT",
    `${name} is ${given}; allowed: whole numbers from 0 to ${most}.`,
  );
}
