import type { Duration } from "#lib/core/duration";
import type { Claims, ClaimToken } from "./claims.ts";
import { commitDone, type Done } from "./commit-done.ts";
import type { Effect } from "./effect.ts";
import type { DedupOptions } from "./parts.ts";
import type { ClaimOptions } from "./terms.ts";

export interface OnceOptions<T> extends Omit<ClaimOptions, "lease"> {
  /**
   * How long the work may take: after it somebody else may do it too.
   * @default "30 seconds"
   */
  readonly lease?: Duration;
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
      /** False where it took longer than its lease and somebody else does it too, or the store fails. */
      readonly isCommitted: boolean;
    }
  | {
      readonly ran: false;
      readonly because: "duplicate";
      /** The first one's, as JSON says it; undefined where it was not kept. */
      readonly value: T | undefined;
    }
  | {
      readonly ran: false;
      readonly because: "in-progress";
      /** Milliseconds until its lease ends: the latest that another may begin. */
      readonly retryAfterMs: number;
    }
  | { readonly ran: false; readonly because: "other-payload" };

/**
 * Does work once within its window: gives the claim up where the work throws, so that the next may
 * do it, and commits it where it returns. Two round trips.
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
export function createOnce(
  { claim, commit, release }: Claims,
  { onFailure }: Pick<DedupOptions, "onFailure">,
): RunOnce {
  return async <T>(
    key: string,
    { lease = "30 seconds", keepResult = false, effect, ...options }: OnceOptions<T>,
    work: (token: ClaimToken) => Promise<T>,
  ): Promise<Once<T>> => {
    const claimed = await claim(key, { lease, ...options });
    if (claimed.state === "duplicate") {
      // Kept by this app's own work: of another release it may have another form.
      return { ran: false, because: "duplicate", value: claimed.result as T | undefined };
    }
    if (claimed.state === "in-progress") {
      return { ran: false, because: "in-progress", retryAfterMs: claimed.retryAfterMs };
    }
    if (claimed.state === "other-payload") return { ran: false, because: "other-payload" };
    const { token, isCertain } = claimed;
    const done = await orRelease(token, async () => {
      const value = await work(token);
      return { value, effect: effect?.(value) };
    });
    const result = keepResult ? done.value : undefined;
    const isCommitted = await commitWork({ token, result, effect: done.effect });
    return { ran: true, value: done.value, isCertain, isCommitted };
  };

  async function orRelease<T>(token: ClaimToken, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await release(token);
      throw error;
    }
  }

  /** The work is done: whatever fails now, it must not be thought undone. */
  async function commitWork(done: Done): Promise<boolean> {
    const hear = (error: unknown) => onFailure("committing an event", error);
    try {
      return await commitDone({ commit }, done, hear);
    } catch (error) {
      hear(error);
      return false;
    }
  }
}
