import { runtimeTime } from "#lib/core/clock";
import type { Duration } from "#lib/core/duration";
import type { Claims, ClaimToken } from "./claims.ts";
import { commitDone, type Done } from "./commit-done.ts";
import type { Effect } from "./effect.ts";
import { readDuration } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { MAX_HOLD, renewClaim } from "./renewed.ts";
import type { ClaimOptions } from "./terms.ts";

export interface OnceOptions<T> extends Omit<ClaimOptions, "lease"> {
  /**
   * How long the claim is held when nothing more is heard of the process that does the work. It is
   * renewed at each third of it while the work runs.
   * @default "30 seconds"
   */
  readonly lease?: Duration;
  /**
   * The longest that the claim is held by renewing it, so that work that hangs does not hold it for
   * ever; another caller may do the work after that. With no more than `lease` it is never renewed.
   * @default "15 minutes"
   */
  readonly maxHold?: Duration;
  /**
   * Whether the work's result is kept, encrypted, and given to duplicates: what JSON can say.
   * @default false
   */
  readonly keepResult?: boolean;
  /** What happens in Redis with the commit, exactly once, or not at all. */
  readonly effect?: (value: T) => Effect;
}

/** What became of work that is to be done once. */
export type Once<T> =
  | {
      readonly ran: true;
      readonly value: T;
      /** False where the store could not say whether it was the first. */
      readonly isCertain: boolean;
      /** False where the claim was lost and another caller does the work too, or the store fails. */
      readonly isCommitted: boolean;
    }
  | {
      readonly ran: false;
      readonly reason: "duplicate";
      /** The first one's, as JSON says it; undefined where it was not kept. */
      readonly value: T | undefined;
    }
  | {
      readonly ran: false;
      readonly reason: "in-progress";
      /** Milliseconds until its lease ends, unless it is renewed: the work may still run then. */
      readonly retryAfterMs: number;
    }
  | { readonly ran: false; readonly reason: "other-payload" };

/**
 * Does work once within its window: gives the claim up where the work throws, so that the next may
 * do it, and commits it where it returns. The claim's lease is renewed while the work runs; a claim
 * that is lost all the same is an event. Two round trips, and one for each renewal.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
 * @throws whatever the work throws
 */
export type RunOnce = <T>(
  key: string,
  options: OnceOptions<T>,
  work: (token: ClaimToken) => Promise<T>,
) => Promise<Once<T>>;

/** Makes `once` of claims. */
export function createOnce(claims: Claims, parts: Pick<DedupOptions, "emit" | "time">): RunOnce {
  const { emit, time = runtimeTime } = parts;
  return async <T>(
    key: string,
    options: OnceOptions<T>,
    work: (token: ClaimToken) => Promise<T>,
  ): Promise<Once<T>> => {
    const { lease = "30 seconds", maxHold = MAX_HOLD, keepResult = false } = options;
    const { effect, ...terms } = options;
    const longest = readDuration("maxHold", maxHold);
    const askedAt = time.now();
    const claimed = await claims.claim(key, { ...terms, lease });
    if (claimed.state === "duplicate") {
      // Kept by this app's own work: of another release it may have another form.
      return { ran: false, reason: "duplicate", value: claimed.result as T | undefined };
    }
    if (claimed.state === "in-progress") {
      return { ran: false, reason: "in-progress", retryAfterMs: claimed.retryAfterMs };
    }
    if (claimed.state === "other-payload") return { ran: false, reason: "other-payload" };
    const { token, isCertain } = claimed;
    const stop = renewClaim(claims, { token, askedAt, maxHold: longest }, parts);
    const done = await orRelease(token, async () => {
      try {
        const value = await work(token);
        return { value, effect: effect?.(value) };
      } finally {
        stop();
      }
    });
    const result = keepResult ? done.value : undefined;
    const isCommitted = await commitWork({ token, result, effect: done.effect });
    return { ran: true, value: done.value, isCertain, isCommitted };
  };

  async function orRelease<T>(token: ClaimToken, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await claims.release(token);
      throw error;
    }
  }

  /** The work is done: whatever fails now, it must not be thought undone. */
  async function commitWork(done: Done): Promise<boolean> {
    const hear = (error: unknown) => emit({ kind: "failure", during: "dedup-commit", error });
    try {
      return await commitDone(claims, done, hear);
    } catch (error) {
      hear(error);
      return false;
    }
  }
}
