import policy from "#config/rate-limits";
import { createLimits } from "#lib/limits";
import { gateOptions } from "../support/options.ts";
import { makeTools } from "../support/tools.ts";
import { percentile, printTable } from "./numbers.ts";
import { startServed } from "./served.ts";

/** What the seed expected of each, in milliseconds. */
const SEED_MS = { limit: 10, dedup: 5, lock: 15 } as const;
const SEED_P95_MS = 20;

const CALLERS = [1, 20] as const;

/** Round by round, so that what else the machine does falls on all alike; the first warms up. */
const ROUNDS = 5;

type Operation = (n: number) => Promise<unknown>;

/** Measures the handlers' tools over REST, beside a PING on the same way in the same run. */
export async function benchTools(calls: number) {
  const store = await startServed();
  try {
    const operations = Object.entries(operationsOn(store));
    const rows = [];
    for (const callers of CALLERS) {
      console.error(`measuring with ${callers} at once ...`);
      const times = new Map<string, number[]>(operations.map(([name]) => [name, []]));
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const [name, operation] of operations) {
          const measured = await timesOf(operation, Math.ceil(calls / ROUNDS), callers);
          if (round > 0) times.get(name)?.push(...measured);
        }
      }
      for (const [name, all] of times) rows.push({ name, callers, ...percentiles(all) });
    }
    print(rows, calls);
    return { calls, rows };
  } finally {
    await store.stop();
  }
}

function operationsOn(store: { url: string; token: string }) {
  const { redis, locks, dedup } = makeTools(store);
  const { limit } = createLimits(policy, gateOptions(store).options);
  return {
    PING: () => redis.ping(),
    limit: (n) => limit("sync", { user: `user-${n % 5000}` }),
    dedup: (n) => dedup.shouldTrackEvent(`event-${Math.floor(n / 2)}`, 300),
    lock: async (n) => {
      const token = await locks.acquireLock(`lock-${n % 40}`, 30);
      if (token === null || !(await locks.releaseLock(`lock-${n % 40}`, token))) {
        throw new Error("A lock that nobody holds could not be had.");
      }
    },
  } satisfies Record<string, Operation>;
}

/** Never the same twice, so that half of the events are new. */
let next = 0;

/** Milliseconds of each of `count` calls, of which `callers` are on their way at once. */
async function timesOf(operation: Operation, count: number, callers: number): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      next += 1;
      const began = performance.now();
      await operation(next);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return times;
}

function percentiles(times: readonly number[]) {
  return {
    p50: percentile(50, times),
    p95: percentile(95, times),
    p99: percentile(99, times),
  };
}

const WHAT: Readonly<Record<string, string>> = {
  PING: "PING, to compare",
  limit: "a limit check",
  dedup: "a dedup check",
  lock: "a lock taken and given back (two calls)",
};

interface Row {
  readonly name: string;
  readonly callers: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

function print(rows: readonly Row[], calls: number): void {
  console.log(
    `\nThe tools, ${calls} calls each: Node, our gateway, redis-server, all on loopback\n`,
  );
  printTable(
    ["operation", "callers", "p50 ms", "p95 ms", "p99 ms", "p50 to PING", "the seed's figures"],
    rows.map((row) => {
      const ping = rows.find((it) => it.name === "PING" && it.callers === row.callers);
      return [
        WHAT[row.name] ?? row.name,
        row.callers,
        row.p50.toFixed(2),
        row.p95.toFixed(2),
        row.p99.toFixed(2),
        (row.p50 / (ping?.p50 ?? NaN)).toFixed(2),
        verdict(row),
      ];
    }),
  );
}

/** The seed says "under 10 ms" of a check, and "p95 under 20 ms" of all: the first is held to p50. */
function verdict({ name, p50, p95 }: Row): string {
  const wanted = Object.hasOwn(SEED_MS, name) ? SEED_MS[name as keyof typeof SEED_MS] : undefined;
  if (wanted === undefined) return "–";
  const met = (is: boolean) => (is ? "met" : "not met");
  return `p50 < ${wanted}: ${met(p50 < wanted)}; p95 < ${SEED_P95_MS}: ${met(p95 < SEED_P95_MS)}`;
}
