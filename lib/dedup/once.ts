import { runtimeTime } from "#lib/core/clock";
import type { Duration } from "#lib/core/duration";
import type { Claims, ClaimToken } from "./claim.ts";
import { commitDone, type Done } from "./commit-done.ts";
import type { Effect } from "./effect.ts";
import { readDuration } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { MAX_HOLD, renewClaim } from "./renewed.ts";
import type { ClaimOptions } from "./terms.ts";

export interface OnceOptions<T> extends Omit<ClaimOptions, "lease"> {
  /**
   * How long the claim is held without renewal. It is renewed after each third of this time while the work
   * runs. A number means seconds.
   * @default "30 seconds"
   * @example
   * await dedup.once("report-7", { window: "1 day", lease: "1 minute" }, work);
   */
  readonly lease?: Duration;
  /**
   * The longest time that renewal holds the claim, so that work that hangs does not hold it for ever: another
   * caller may do the work after that. With `lease` or less, the claim is never renewed. A number means
   * seconds.
   * @default "15 minutes"
   * @example
   * await dedup.once("report-7", { window: "1 day", maxHold: "1 hour" }, work);
   */
  readonly maxHold?: Duration;
  /**
   * Whether the work's result is kept, encrypted, and returned to duplicates. JSON must be able to
   * represent it.
   * @default false
   * @example
   * await dedup.once("report-7", { window: "1 day", keepResult: true }, work);
   */
  readonly keepResult?: boolean;
  /**
   * Changes in Redis that happen with the commit: exactly once, or not at all.
   * @default no change beside the commit
   * @example
   * const counters = [{ key, field: "sent", keep: "90 days" }];
   * await dedup.once("mail-7", { window: "1 day", effect: () => ({ counters }) }, work);
   */
  readonly effect?: (value: T) => Effect;
}

/** The result of work that must run once. */
export type Once<T> =
  | {
      readonly ran: true;
      readonly value: T;
      /** False when the store failed, so that this caller may not be the first. */
      readonly isCertain: boolean;
      /** False when the claim was lost and another caller does the work too, or when the store failed. */
      readonly isCommitted: boolean;
    }
  | {
      readonly ran: false;
      readonly reason: "duplicate";
      /** The first caller's value, as JSON has it; undefined when it was not kept. */
      readonly value: T | undefined;
    }
  | {
      readonly ran: false;
      readonly reason: "in-progress";
      /** Milliseconds until the claim's lease ends, unless it is renewed: the work may still run then. */
      readonly retryAfterMs: number;
    }
  | { readonly ran: false; readonly reason: "other-payload" };

/**
 * Runs work once within its window. The claim is committed when the work returns, and released when the
 * work throws, so that the next caller may run it. The claim's lease is renewed while the work runs; a
 * claim that is lost all the same is reported as an event. Two round trips, and one more for each
 * renewal.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
 * @throws every error that the work throws
 */
export type RunOnce = <T>(
  key: string,
  options: OnceOptions<T>,
  work: (token: ClaimToken) => Promise<T>,
) => Promise<Once<T>>;

/** Makes `once` on top of claims. */
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
    const requestedAt = time.now();
    const claimed = await claims.claim(key, { ...terms, lease });
    if (claimed.state === "duplicate") {
      // The value has the caller's type T, unless another release of the app wrote it.
      return { ran: false, reason: "duplicate", value: claimed.result as T | undefined };
    }
    if (claimed.state === "in-progress") {
      return { ran: false, reason: "in-progress", retryAfterMs: claimed.retryAfterMs };
    }
    if (claimed.state === "other-payload") return { ran: false, reason: "other-payload" };
    const { token, isCertain } = claimed;
    const stop = renewClaim(claims, { token, requestedAt, maxHold: longest }, parts);
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

  /**
   * Commits work that is done. An error here is reported and not thrown, because the caller must not
   * run the work again.
   */
  async function commitWork(done: Done): Promise<boolean> {
    const report = (error: unknown) => emit({ kind: "failure", during: "dedup-commit", error });
    try {
      return await commitDone(claims, done, report);
    } catch (error) {
      report(error);
      return false;
    }
  }
}
