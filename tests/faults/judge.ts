import { setTimeout as pause } from "node:timers/promises";
import { percentile } from "../bench/numbers.ts";
import type { FaultCase } from "./cases.ts";
import { type Measured, startLoad } from "./load.ts";
import { DEADLINE_MS, type Instance, LIMIT, startWorld, type World } from "./world.ts";

/** How much the gate may add to a request, in milliseconds. */
const MOST_BEFORE = DEADLINE_MS + 50;
const MOST_AFTER = 2;
/** How soon limits must be enforced again, in milliseconds after the end of a fault. */
const MOST_RECOVERY = 5000;

/** How long the test waits at most for that. */
const GIVEN_UP = 4 * MOST_RECOVERY;

/** The results of one case. */
export interface Verdict extends Omit<Measured, "requests"> {
  readonly name: string;
  readonly isHarmless: boolean;
  readonly requests: number;
  /** The 99th percentile of the gate's time in milliseconds, while calls were tried. */
  readonly p99: number;
  /** The median of the gate's time in milliseconds, once a breaker was open; NaN when none was. */
  readonly p50Open: number;
  /** Milliseconds from the end of the fault until both instances deny clients over a limit. */
  readonly recovery: number;
}

/** Runs a case: a time without a fault, the fault, and the recovery. */
export async function runCase(fault: FaultCase, lastsMs: number): Promise<Verdict> {
  const world = await startWorld();
  try {
    const load = startLoad(world);
    await pause(500);
    const end = await fault.begin(world);
    load.measure(true);
    await pause(lastsMs);
    load.measure(false);
    const endedAt = performance.now();
    await end();
    const recovery = await recovered(world, endedAt);
    const { requests, ...measured } = await load.stop();
    const open = requests.filter(({ at, instance }) => isOpen(instance, at));
    const tried = requests.filter(({ at, instance }) => !isOpen(instance, at));
    return {
      name: fault.name,
      isHarmless: fault.isHarmless === true,
      requests: requests.length,
      p99: percentile(
        99,
        tried.map(({ ms }) => ms),
      ),
      p50Open: percentile(
        50,
        open.map(({ ms }) => ms),
      ),
      recovery,
      ...measured,
    };
  } finally {
    await world.stop();
  }
}

function isOpen({ changes }: Instance, at: number): boolean {
  return changes.findLast((change) => change.at <= at)?.state === "open";
}

/** Waits until the store has denied a separate client at each instance. */
async function recovered(world: World, since: number): Promise<number> {
  const until = since + GIVEN_UP;
  await Promise.all(
    world.instances.map(async ({ limits }, at) => {
      const client = { ip: `203.0.113.${at}` };
      const isRefused = async () => {
        const { allowed, counted } = await limits.limit("counted", client, { cost: LIMIT });
        return !allowed && counted === "in-store";
      };
      while (!(await isRefused()) && performance.now() < until) await pause(10);
    }),
  );
  return performance.now() - since;
}

/** Returns the faults of a case as text, or an empty list. */
export function misses(verdict: Verdict): string[] {
  return [
    ...wrongs(verdict),
    verdict.isHarmless && verdict.degraded > 0 && `${verdict.degraded} decided without the store`,
    verdict.recovery > MOST_RECOVERY && "limits not enforced 5 s after the end",
    verdict.p99 > MOST_BEFORE && `p99 above ${MOST_BEFORE} ms`,
    verdict.p50Open > MOST_AFTER && `p50 above ${MOST_AFTER} ms with the breaker open`,
  ].filter((words) => words !== false);
}

/** Returns the faults that do not depend on the speed of the machine. */
export function wrongs(verdict: Verdict): string[] {
  const { wrong, overBound, countedTwice, heldTwice, recovery, requests } = verdict;
  return [
    requests === 0 && "no request was sent",
    verdict.degraded === 0 && !verdict.isHarmless && "the store decided despite the fault",
    wrong.length > 0 && `answers that no rule causes: ${wrong.slice(0, 3).join(", ")}`,
    overBound > 0 && `${overBound} admitted over the bound`,
    countedTwice > 0 && `${countedTwice} events counted twice`,
    heldTwice > 0 && `${heldTwice} locks held by two callers`,
    recovery > GIVEN_UP && "limits never enforced again",
  ].filter((words) => words !== false);
}
