import * as z from "zod";
import { isStoreFailure, StoreError } from "headgate/redis";
import { eventType } from "./event-type.ts";
import type { createTotals, Settled, Verdict, Waiting } from "./totals.ts";

type Totals = ReturnType<typeof createTotals>;

export interface WorkerOptions {
  readonly totals: Pick<Totals, "take" | "settle" | "leave">;
  /** Whether it waits for more when nothing is left. */
  readonly watch: boolean;
  /** Ends the work after the batch at hand. */
  readonly signal: AbortSignal;
  /** Hears of each batch, and is awaited. */
  readonly onSettled?: (settled: Settled) => void | Promise<void>;
  /** Hears of a store that fails, or refuses; it is asked again after a while. */
  readonly onFailure?: (error: unknown) => void;
  /**
   * How many events are taken at once: while they are settled, none other is.
   * @default 200
   */
  readonly batch?: number;
  /**
   * After so many milliseconds what a worker took and did not settle is taken by another.
   * @default 60000
   */
  readonly abandonedMs?: number;
}

/** How often in a row the store may fail, where nobody waits for more. */
const MOST_FAILURES = 5;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Totals the waiting events, each once, whoever else works beside it and wherever one dies. It takes
 * a batch when the one before is settled, so that a slow store is asked slowly.
 *
 * @throws {StoreError} where it does not watch, and the store refuses or goes on failing
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
    const taken = await totals.take(consumer, { most: batch, abandonedMs, cursor });
    ({ cursor } = taken);
    if (taken.waiting.length > 0) {
      const settled = await totals.settle(taken.waiting.map(verdictOn));
      worked = {
        counted: worked.counted + settled.counted,
        setAside: worked.setAside + settled.setAside,
      };
      await onSettled?.(settled);
    }
    return taken.waiting.length > 0 || cursor !== "0-0";
  }

  while (!signal.aborted) {
    try {
      const hasMore = await step();
      failures = 0;
      idle = hasMore ? 0 : idle + 1;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      failures += 1;
      // One that refuses may be full, or no primary now: who watches waits for that to end too.
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

/** What becomes of an event; one that cannot be read is set aside, with what is wrong with it. */
function verdictOn({ id, fields }: Waiting): Verdict {
  const read = entry.safeParse(fields);
  if (read.success) return { id, ...read.data };
  const [issue] = read.error.issues;
  return { id, reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
}

/** Longer each time, a part of it by chance, so that workers do not ask all at once. */
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
