import { type Clock, monotonic } from "#lib/core/clock";
import { isHeadgateError } from "#lib/core/errors";
import type { BreakerEvent, HeadgateEvent, Listener, StoreEvent } from "#lib/core/events";

/** A minute has twelve slices of 5 s. Old data is dropped one slice at a time. */
const SLICES = 12;
const SLICE_MS = 5_000;

/** Each bucket of durations ends 10 % above the one before; the first at 0.05 ms, the last above 60 s. */
const FIRST_MS = 0.05;
const GROWTH = 1.1;
const BUCKETS = 150;

/** The store calls of this process in the last minute (55 to 60 s). */
export interface LastMinute {
  /** Calls that were sent. */
  readonly calls: number;
  /** Calls that failed because the store was unavailable. */
  readonly failed: number;
  /** Calls that were not sent because the breaker was open. */
  readonly notSent: number;
  /** The median duration of the calls in milliseconds, to within 10 %; undefined without a call. */
  readonly p50Ms: number | undefined;
  /** The 95th percentile of the durations in milliseconds, to within 10 %; undefined without a call. */
  readonly p95Ms: number | undefined;
}

/** The calls of 5 s. */
class Slice {
  number = -1;
  calls = 0;
  failed = 0;
  notSent = 0;
  readonly durations = new Uint32Array(BUCKETS);

  begin(number: number): void {
    this.number = number;
    this.calls = this.failed = this.notSent = 0;
    this.durations.fill(0);
  }
}

/** Keeps the store calls of the last minute, in 8 kB however many they are, and the state of the breaker. */
export class StoreWatch {
  readonly #clock: Clock;
  readonly #slices = Array.from({ length: SLICES }, () => new Slice());
  #breaker: BreakerEvent["state"] = "closed";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The listener for `onEvent` of `createHeadgate`, alone or in a list. */
  readonly listener: Listener = (event: HeadgateEvent): void => {
    if (event.kind === "breaker") this.#breaker = event.state;
    if (event.kind === "store") this.#add(event);
  };

  /** Returns "open" when so many calls failed that no more are sent. */
  get breaker(): BreakerEvent["state"] {
    return this.#breaker;
  }

  lastMinute(): LastMinute {
    const now = this.#now();
    const slices = this.#slices.filter(({ number }) => number > now - SLICES && number >= 0);
    const durations = Array.from({ length: BUCKETS }, (_, at) =>
      slices.reduce((total, slice) => total + (slice.durations[at] ?? 0), 0),
    );
    const sum = (of: "calls" | "failed" | "notSent") =>
      slices.reduce((total, slice) => total + slice[of], 0);
    const calls = sum("calls");
    return {
      calls,
      failed: sum("failed"),
      notSent: sum("notSent"),
      p50Ms: percentile(durations, calls, 0.5),
      p95Ms: percentile(durations, calls, 0.95),
    };
  }

  #now(): number {
    return Math.floor(this.#clock() / SLICE_MS);
  }

  #add({ tookMs, error }: StoreEvent): void {
    const now = this.#now();
    const slice = this.#slices[now % SLICES];
    if (!slice) return;
    if (slice.number !== now) slice.begin(now);
    const code = isHeadgateError(error) ? error.code : undefined;
    if (code === "STORE_NOT_TRIED") {
      slice.notSent += 1;
      return;
    }
    slice.calls += 1;
    // A store that rejects one command, as with NOSCRIPT, does answer.
    if (error && code !== "STORE_REJECTED") slice.failed += 1;
    const bucket = bucketOf(tookMs);
    slice.durations[bucket] = (slice.durations[bucket] ?? 0) + 1;
  }
}

function bucketOf(ms: number): number {
  const at = Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH));
  return Math.min(Math.max(at, 0), BUCKETS - 1);
}

/** Returns a percentile: the end of its bucket, in milliseconds. */
function percentile(
  durations: readonly number[],
  calls: number,
  share: number,
): number | undefined {
  if (calls === 0) return undefined;
  let reached = 0;
  for (const [at, count] of durations.entries()) {
    reached += count;
    if (reached >= share * calls) return Math.round(FIRST_MS * GROWTH ** at * 100) / 100;
  }
  return undefined;
}

/**
 * Makes a watch on the store: a listener that records how many store calls of the last minute failed, how
 * long they took, and whether the breaker is open. Each bundle has its own events, so only a watch of the
 * middleware sees events of the middleware.
 *
 * @param clock milliseconds that never go back
 * @example
 * const watch = watchStore();
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), onEvent: [watch.listener] }));
 */
export function watchStore(clock: Clock = monotonic): StoreWatch {
  return new StoreWatch(clock);
}
