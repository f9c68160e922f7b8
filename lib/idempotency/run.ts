import type { ToolParts } from "#lib/core/tool-parts";
import type { Claims } from "#lib/dedup/claim";
import { commitDone } from "#lib/dedup/commit-done";
import type { ClaimToken } from "#lib/dedup/dedup";
import { renewClaim } from "#lib/dedup/renewed";
import { isOutcome, keepAnswer, type KeptAnswer, untilRead } from "./answer.ts";
import { answerThrown } from "./thrown.ts";

interface Bounds {
  /** The longest time that renewal holds the claim, in milliseconds. */
  readonly maxHold: number;
  readonly maxAnswerBytes: number;
}

/**
 * Runs a handler under a claim, which is renewed until the handler's response has been read. The claim
 * is committed with the response, or released when the response is no outcome.
 *
 * @param requestedAt when the claim was requested, in milliseconds of the monotonic clock
 * @param signal the request's signal, which aborts when the client disconnects
 * @throws every error that the handler throws
 */
export type Run = (
  token: ClaimToken,
  requestedAt: number,
  handle: () => Response | Promise<Response>,
  signal: AbortSignal,
) => Promise<Response>;

export function createRun(
  claims: Claims,
  parts: Pick<ToolParts, "emit" | "time">,
  bounds: Bounds,
): Run {
  const { emit } = parts;
  const { maxHold, maxAnswerBytes } = bounds;
  const report = (error: unknown) => emit({ kind: "failure", during: "idempotency-keep", error });

  return async (token, requestedAt, handle, signal) => {
    const stop = renewClaim(claims, { token, requestedAt, maxHold }, parts);

    async function release(): Promise<void> {
      stop();
      await claims.release(token);
    }

    /** Commits the claim: the request is done, also when its response cannot be stored. */
    async function commit(result?: KeptAnswer): Promise<void> {
      stop();
      try {
        const isCommitted = await commitDone(claims, { token, result }, report);
        if (!isCommitted) report(new Error(LOST));
      } catch (error) {
        // The client gets its response all the same; the same request would be run again after the
        // lease.
        report(error);
      }
    }

    let answer: Response;
    try {
      answer = await handle();
    } catch (thrown) {
      const response = answerThrown(thrown);
      await (response && isOutcome(response)
        ? commit(await keepAnswer(response, maxAnswerBytes))
        : release());
      throw thrown;
    }
    if (!answer || !isOutcome(answer)) {
      await release();
      return answer;
    }
    let kept: KeptAnswer | undefined;
    try {
      kept = await keepAnswer(answer, maxAnswerBytes);
    } catch (error) {
      report(error);
      await commit();
      return answer;
    }
    // The response is too large to be stored, and may still be streaming.
    if (!kept) return untilRead(answer, commit, signal);
    await commit(kept);
    return answer;
  };
}

const LOST = "The claim was lost while the handler ran, and the same request was run again.";
