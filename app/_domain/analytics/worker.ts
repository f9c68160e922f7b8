import * as z from "zod";
import { isStoreFailure, StoreError } from "headgate/redis";
import { eventType } from "./event-type.ts";
import type { createTotals, Settled, Verdict, Waiting } from "./totals.ts";

type Totals = ReturnType<typeof createTotals>;

export interface WorkerOptions {
  readonly totals: Pick<Totals, "receive" | "settle" | "leave">;
  /** Whether to wait for more events when none are left. */
  readonly watch: boolean;
  /** Ends the work after the current batch. */
  readonly signal: AbortSignal;
  /** Called after each batch, and awaited. */
  readonly onSettled?: (settled: Settled) => void | Promise<void>;
  /** Called when the store fails or rejects a call; the worker tries again after a pause. */
  readonly onFailure?: (error: unknown) => void;
  /**
   * How many events are settled at once.
   * @default 200
   */
  readonly batch?: number;
  /**
   * Milliseconds after which events that a worker received and did not settle go to another worker.
   * @default 60000
   */
  readonly abandonedMs?: number;
}

/** How often in a row the store may fail when the worker does not watch. */
const MOST_FAILURES = 5;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Totals the waiting events. Each event counts once, however many workers run and wherever one dies.
 * The worker reads a batch when the last one is settled, so that a slow store gets fewer calls.
 *
 * @throws {StoreError} when the worker does not watch, and the store rejects a call or keeps failing
 */
export async function totalEvents(options: WorkerOptions): Promise<Settled> {
  const {
    totals,
    watch,
    signal,
    onSettled,
    onFailure,
    batch = 200,
    abandonedMs = 60_000,
  } = options;
  const consumer = crypto.randomUUID();
  let worked: Settled = { counted: 0, setAside: 0 };
  let cursor = "0-0";
  let [idle, failures] = [0, 0];

  async function step(): Promise<boolean> {
    const received = await totals.receive(consumer, { most: batch, abandonedMs, cursor });
    ({ cursor } = received);
    if (received.waiting.length > 0) {
      const settled = await totals.settle(received.waiting.map(verdictOn));
      worked = {
        counted: worked.counted + settled.counted,
        setAside: worked.setAside + settled.setAside,
      };
      await onSettled?.(settled);
    }
    return received.waiting.length > 0 || cursor !== "0-0";
  }

  while (!signal.aborted) {
    try {
      const hasMore = await step();
      failures = 0;
      idle = hasMore ? 0 : idle + 1;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      failures += 1;
      // A store that rejects a call may be full, or no primary for now: a worker that watches waits for
      // that to end too.
      const isOver = !isStoreFailure(error) || failures >= MOST_FAILURES;
      if (isOver && !watch) throw error;
      onFailure?.(error);
    }
    if (idle > 0 && !watch) break;
    if (idle + failures > 0) await pause(idle + failures, signal);
  }
  await totals.leave(consumer).catch((error: unknown) => onFailure?.(error));
  return worked;
}

const entry = z.object({
  day: z.iso.date(),
  type: eventType,
});

/** Returns the result for an event. An event that cannot be read is set aside with the reason. */
function verdictOn({ id, fields }: Waiting): Verdict {
  const read = entry.safeParse(fields);
  if (read.success) return { id, ...read.data };
  const [issue] = read.error.issues;
  return { id, reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
}

/**
 * Waits longer after each failure, and partly at random, so that workers do not call the store at the
 * same time.
 */
async function pause(times: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (times - 1), LONGEST_PAUSE_MS);
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms * (0.5 + Math.random() / 2));
    signal.addEventListener("abort", end);
  });
}
