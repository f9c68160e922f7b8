import { monotonic } from "#lib/core/clock";
import { within } from "#lib/core/within";
import { StoreError } from "./errors.ts";

/** How long a store call may take when nothing else is said, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 500;

/** A client whose calls end by themselves. */
export interface Timed {
  /** The longest that one call takes, in milliseconds; undefined for a client that somebody else made. */
  readonly deadlineMs?: number | undefined;
}

/** Milliseconds until a call of this client that began at `since` is late; negative when it is. */
export function timeLeft({ deadlineMs = DEFAULT_DEADLINE_MS }: Timed, since: number): number {
  return since + deadlineMs - monotonic();
}

/**
 * Waits for work of more than one call no longer than a single call of this client may take. The
 * work itself goes on.
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
      `A second call was needed, and both had no answer within ${deadlineMs} ms (HEADGATE_STORE_DEADLINE_MS).`,
    );
  });
}
