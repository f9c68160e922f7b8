import { monotonic } from "#lib/core/clock";
import { within } from "#lib/core/within";
import { StoreError } from "./errors.ts";

/** The longest that a store call may take by default, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 500;

/** A client whose calls have a deadline. */
export interface Timed {
  /**
   * The longest that one call takes, in milliseconds; undefined for a client that Headgate did not make.
   * @default 500
   * @example
   * redisOf({ requester: gate.requester, redis: { deadlineMs: 250 } });
   */
  readonly deadlineMs?: number | undefined;
}

/** Returns the milliseconds that a call from `since` has left; negative after its deadline. */
export function timeLeft({ deadlineMs = DEFAULT_DEADLINE_MS }: Timed, since: number): number {
  return since + deadlineMs - monotonic();
}

/**
 * Waits for work of several calls, for at most as long as a single call of this client may take. The work
 * itself continues.
 *
 * @param since when it began, in milliseconds of the monotonic clock
 * @throws {StoreError} STORE_TIMEOUT
 */
export async function withinDeadline<T>(
  client: Timed,
  since: number,
  work: Promise<T>,
): Promise<T> {
  const { deadlineMs } = client;
  if (deadlineMs === undefined) return work;
  return within(Math.max(0, timeLeft(client, since)), work, () => {
    throw new StoreError(
      "STORE_TIMEOUT",
      `A second call was needed, and the two took over ${deadlineMs} ms (HEADGATE_STORE_DEADLINE_MS).`,
    );
  });
}
