import type { ToolParts } from "#lib/core/tool-parts";
import type { Claims } from "#lib/dedup/claims";
import { commitDone } from "#lib/dedup/commit-done";
import type { ClaimToken } from "#lib/dedup/dedup";
import { renewClaim } from "#lib/dedup/renewed";
import { isOutcome, keepAnswer, type KeptAnswer, untilRead } from "./answer.ts";
import { answerThrown } from "./thrown.ts";

interface Bounds {
  /** The longest that the claim is held by renewing it, in milliseconds. */
  readonly maxHold: number;
  readonly maxAnswerBytes: number;
}

/**
 * Runs a handler under a claim, which is renewed until the handler's answer has been read, and
 * commits it with the answer, or gives it up where there is no outcome.
 *
 * @param askedAt when the claim was asked for, in milliseconds of the monotonic clock
 * @param signal the request's: it is aborted when its client has disconnected
 * @throws whatever the handler throws
 */
export type Run = (
  token: ClaimToken,
  askedAt: number,
  handle: () => Response | Promise<Response>,
  signal: AbortSignal,
) => Promise<Response>;

/** Makes `run`. */
export function createRun(
  claims: Claims,
  parts: Pick<ToolParts, "emit" | "time">,
  bounds: Bounds,
): Run {
  const { emit } = parts;
  const { maxHold, maxAnswerBytes } = bounds;
  const hear = (error: unknown) => emit({ kind: "failure", during: "idempotency-keep", error });

  return async (token, askedAt, handle, signal) => {
    const stop = renewClaim(claims, { token, askedAt, maxHold }, parts);

    async function giveUp(): Promise<void> {
      stop();
      await claims.release(token);
    }

    /** It is done, whatever becomes of its answer. */
    async function commit(result?: KeptAnswer): Promise<void> {
      stop();
      try {
        const isKept = await commitDone(claims, { token, result }, hear);
        if (!isKept) hear(new Error(LOST));
      } catch (error) {
        // It is answered all the same; sent again after the lease, it would be done again.
        hear(error);
      }
    }

    let answer: Response;
    try {
      answer = await handle();
    } catch (thrown) {
      const told = answerThrown(thrown);
      await (told && isOutcome(told) ? commit(await keepAnswer(told, maxAnswerBytes)) : giveUp());
      throw thrown;
    }
    if (!answer || !isOutcome(answer)) {
      await giveUp();
      return answer;
    }
    let kept: KeptAnswer | undefined;
    try {
      kept = await keepAnswer(answer, maxAnswerBytes);
    } catch (error) {
      hear(error);
      await commit();
      return answer;
    }
    // Too large to be kept, and perhaps still being made.
    if (!kept) return untilRead(answer, commit, signal);
    await commit(kept);
    return answer;
  };
}

const LOST = "The claim was lost while the handler ran, and the same request was run again.";
