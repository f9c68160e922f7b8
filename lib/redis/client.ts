import { Redis } from "@upstash/redis";
import { monotonic } from "#lib/core/clock";
import { StoreError } from "./errors.ts";
import { createRequester, DEFAULT_DEADLINE_MS, type RequesterOptions } from "./requester.ts";

export type { Redis } from "@upstash/redis";

const deadlines = new WeakMap<Redis, number>();

/**
 * The one maker of Redis clients: @upstash/redis over our requester, so that every call has the
 * deadline, is sent once, and fails with a {@link StoreError}. `get` reads JSON back as a value;
 * a stored text that looks like a number comes back as a number.
 *
 * @param options where the store is; `deadlineMs` in milliseconds, 500 by default
 */
export function createRedis(options: RequesterOptions): Redis {
  const redis = new Redis(createRequester(options));
  deadlines.set(redis, options.deadlineMs ?? DEFAULT_DEADLINE_MS);
  return redis;
}

/** Milliseconds until a call of this client that began at `since` is late; negative when it is. */
export function timeLeft(redis: Redis, since: number): number {
  return since + (deadlines.get(redis) ?? DEFAULT_DEADLINE_MS) - monotonic();
}

/**
 * Waits for work of more than one call no longer than a single call of this client may take. The
 * work itself goes on.
 *
 * @param since when it began, in milliseconds of the monotonic clock
 * @throws {StoreError} STORE_TIMEOUT
 */
export async function withinDeadline<T>(redis: Redis, since: number, work: Promise<T>): Promise<T> {
  const deadlineMs = deadlines.get(redis);
  if (deadlineMs === undefined) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const late = () =>
      reject(
        new StoreError(
          "STORE_TIMEOUT",
          `A second call was needed, and both had no answer within ${deadlineMs} ms (HEADGATE_STORE_DEADLINE_MS).`,
        ),
      );
    timer = setTimeout(late, Math.max(0, timeLeft(redis, since)));
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
