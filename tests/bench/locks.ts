import { Lock as UpstashLock } from "@upstash/lock";
import { Redis as Direct } from "ioredis";
import { Mutex } from "redis-semaphore";
import { createLock, IoredisAdapter } from "redlock-universal";
import { connectTcp } from "#lib/gateway/direct";
import { createLocks } from "#lib/lock/locks";
import { makeTools } from "../support/tools.ts";
import {
  benchContended,
  contendedTable,
  CONTENDERS,
  type Served,
  TTL,
  upstashOf,
} from "./contended.ts";
import { percentile } from "./numbers.ts";
import { startServed } from "./served.ts";
import { sure, type Timed, timeInTurn } from "./timing.ts";
import { say } from "./report/progress.ts";
import type { Report, Table, Wanted } from "./report/types.ts";
import { callersOf, groupWanted } from "./report/wanted.ts";

const CALLERS = [1, 5, 20, 50] as const;

/** The acquisition and release of a lock, and the operation that it is compared to. */
interface Compared extends Timed {
  readonly by: "REST" | "TCP";
  readonly to: string | undefined;
}

/** Compares locks with those of other packages, in one run. */
export async function benchLocks(calls: number): Promise<Report> {
  const store = await startServed();
  const direct = new Direct(store.redisUrl);
  const tcp = connectTcp({ redisUrl: store.redisUrl });
  try {
    const operations = comparisons(store, direct, tcp.redis);
    const rows = [];
    for (const callers of CALLERS) {
      say(`measuring with ${callers} at once ...`);
      rows.push(...(await measure(operations, calls, callers)));
    }
    say(`measuring ${CONTENDERS} who want one lock ...`);
    const contended = await benchContended(store);
    return {
      data: { calls, rows, contended },
      wanted: wantedOf(rows),
      tables: [lockTable(rows, calls), contendedTable(contended)],
    };
  } finally {
    await tcp.close();
    direct.disconnect();
    await store.stop();
  }
}

function comparisons(store: Served, direct: Direct, tcp: ReturnType<typeof connectTcp>["redis"]) {
  const rest = upstashOf(store);
  const { locks, ...parts } = makeTools(store);
  const overTcp = createLocks({ ...parts, redis: tcp });
  const adapter = new IoredisAdapter(direct);
  const mine = (n: number, of: typeof locks) => async () => {
    const lock = await of.tryAcquire(`l:${n}`, { ttl: TTL });
    sure(lock !== null && (await lock.release()));
  };
  const operations: readonly Compared[] = [
    {
      what: "@upstash/lock",
      by: "REST",
      to: undefined,
      async run(n) {
        const lock = new UpstashLock({ id: `u:${n}`, redis: rest, lease: TTL * 1000 });
        sure((await lock.acquire()) && (await lock.release()));
      },
    },
    {
      what: "Headgate: tryAcquire, release",
      by: "REST",
      to: "@upstash/lock",
      run: (n) => mine(n, locks)(),
    },
    {
      what: "Headgate: acquireLock, releaseLock",
      by: "REST",
      to: "@upstash/lock",
      async run(n) {
        const token = await locks.acquireLock(`s:${n}`, TTL);
        sure(token !== null && (await locks.releaseLock(`s:${n}`, token)));
      },
    },
    {
      what: "redlock-universal",
      by: "TCP",
      to: undefined,
      async run(n) {
        const lock = createLock({ adapter, key: `r:${n}`, ttl: TTL * 1000 });
        sure(await lock.release(await lock.acquire()));
      },
    },
    {
      what: "redis-semaphore",
      by: "TCP",
      to: undefined,
      async run(n) {
        const mutex = new Mutex(direct, `m:${n}`, { lockTimeout: TTL * 1000 });
        sure(await mutex.tryAcquire());
        await mutex.release();
      },
    },
    {
      what: "Headgate by TCP: tryAcquire, release",
      by: "TCP",
      to: "redlock-universal",
      run: (n) => mine(n, overTcp)(),
    },
  ];
  return operations;
}

interface Row {
  readonly what: string;
  readonly by: "REST" | "TCP";
  readonly callers: number;
  /** The milliseconds of both calls. */
  readonly p50: number;
  readonly p95: number;
  readonly to: string | undefined;
  /** The ratio to the p50 of the compared operation with as many callers. */
  readonly ratio: number | undefined;
}

async function measure(
  operations: readonly Compared[],
  calls: number,
  callers: number,
): Promise<Row[]> {
  const times = await timeInTurn(operations, { calls, callers });
  const medians = new Map(operations.map(({ what }, i) => [what, percentile(50, times[i] ?? [])]));
  return operations.map(({ what, by, to }, i) => {
    const p50 = medians.get(what) ?? NaN;
    const base = to === undefined ? undefined : medians.get(to);
    const ratio = base === undefined ? undefined : p50 / base;
    return { what, by, callers, p50, p95: percentile(95, times[i] ?? []), to, ratio };
  });
}

function lockTable(rows: readonly Row[], calls: number): Table {
  return {
    title: `A lock acquired and released, ${calls} times each, two round trips, by Node through our gateway in another process to redis-server, on loopback:`,
    head: ["lock", "by", "callers", "p50 ms", "p95 ms", "p50 to", "ratio"],
    rows: rows.map(({ what, by, callers, p50, p95, to = "–", ratio }) => [
      what,
      by,
      callers,
      p50.toFixed(2),
      p95.toFixed(2),
      to,
      ratio?.toFixed(2) ?? "–",
    ]),
  };
}

/**
 * Ours by REST beside @upstash/lock. The time of a lock with 20 callers at once is wanted in the part
 * `tools`, whose calls are batched as under our own server.
 */
function wantedOf(rows: readonly Row[]): Wanted[] {
  const ours = rows.filter(({ to }) => to === "@upstash/lock");
  return groupWanted(
    ours.map(({ what, callers, ratio }) => ({
      what: `p50 of ${what}, to @upstash/lock`,
      is: "at most",
      wanted: 1,
      at: callersOf(callers),
      value: ratio ?? null,
    })),
  );
}
