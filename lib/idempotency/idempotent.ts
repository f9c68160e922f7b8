import { runtimeTime } from "#lib/core/clock";
import type { Emit, IdempotencyEvent } from "#lib/core/events";
import { readUpTo } from "#lib/core/read-up-to";
import type { Claim } from "#lib/dedup/claim";
import { createClaims } from "#lib/dedup/claims";
import type { DedupOptions } from "#lib/dedup/parts";
import { replay } from "./answer.ts";
import { readKey } from "./key.ts";
import { type IdempotencyOptions, readOptions } from "./options.ts";
import * as problems from "./problems.ts";
import { createRun } from "./run.ts";
import { ownerOf, scopeOf } from "./scope.ts";

export type { IdempotencyOptions } from "./options.ts";

/** A route handler. Next passes further arguments, such as the route's parameters. */
export type Handler<R extends Request, Rest extends readonly unknown[]> = (
  request: R,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Makes a route handler idempotent: a request that is sent again with the same Idempotency-Key is not
 * run again, but gets the response of the first (draft-ietf-httpapi-idempotency-key-header-07). A
 * response of 5xx, or one that means "later", is not stored, and the request may be run again. The
 * response is sent when it is complete, or when it has become too large to store. The responses that
 * Next makes for `redirect()` and `notFound()` are stored too. The request's lease is renewed while its
 * handler runs.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT for options that are not valid
 */
export type Idempotent = <R extends Request, Rest extends readonly unknown[]>(
  handler: Handler<R, Rest>,
  options: IdempotencyOptions<R>,
) => (request: R, ...rest: Rest) => Promise<Response>;

/**
 * Makes `idempotent`, which wraps a route handler so that a request that is sent again with the same
 * Idempotency-Key is not run again, but gets the response of the first.
 *
 * @example
 * const idempotent = createIdempotent(gate);
 * export const POST = idempotent(pay, { caller: userOf });
 */
export function createIdempotent(parts: DedupOptions): Idempotent {
  const { time = runtimeTime } = parts;
  const claims = createClaims(parts);

  return (handler, options) => {
    // Wrong options throw when the handler is wrapped, not at the first request.
    const { required, maxBodyBytes, ...read } = readOptions(options);
    const run = createRun(claims, parts, read);

    return async (request, ...rest) => {
      const reading = readKey(request.headers);
      if (reading.kind === "invalid") return problems.invalidKey();
      if (reading.kind === "missing") {
        return required ? problems.missingKey() : handler(request, ...rest);
      }
      const owner = await ownerOf(request, reading.key, read);
      if (!owner) return handler(request, ...rest);
      const body = await readBody(request, maxBodyBytes);
      if (!(body instanceof Uint8Array)) return body;
      const { claimed, payload } = await scopeOf(request, reading.key, owner, body);
      const requestedAt = time.now();
      const claim = await claims.claim(claimed, { ...read.claim, payload });
      if (claim.state !== "first") return repeated(claim, parts.emit);
      parts.emit({ kind: "idempotency", state: "ran" });
      return run(claim.token, requestedAt, () => handler(request, ...rest), request.signal);
    };
  };
}

/** Returns the response to a request whose key was claimed before. */
function repeated(claim: Exclude<Claim, { state: "first" }>, emit: Emit): Response {
  const conflict = (reason: Conflict) => emit({ kind: "idempotency", state: "conflict", reason });
  if (claim.state === "other-payload") {
    conflict("other-request");
    return problems.otherRequest();
  }
  if (claim.state === "duplicate") {
    const answer = replay(claim.result);
    if (answer) emit({ kind: "idempotency", state: "replayed" });
    else conflict("answer-not-kept");
    return answer ?? problems.answerNotKept();
  }
  // The claim has reported the store failure already.
  if (!claim.isCertain) return problems.storeFailed(claim.retryAfterMs);
  conflict("in-progress");
  return problems.inProgress(claim.retryAfterMs);
}

type Conflict = NonNullable<IdempotencyEvent["reason"]>;

/**
 * Returns the body's bytes and leaves the handler a copy to read; or the response to a body that cannot
 * be read.
 */
async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | Response> {
  const { body } = request.clone();
  if (!body) return new Uint8Array();
  try {
    return (await readUpTo(body, maxBytes)) ?? problems.tooLarge(maxBytes);
  } catch {
    return problems.brokenBody();
  }
}
