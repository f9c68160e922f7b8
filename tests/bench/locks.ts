import { setTimeout as pause } from "node:timers/promises";
import { Lock as UpstashLock } from "@upstash/lock";
import { Redis as Upstash } from "@upstash/redis";
import { Redis as Direct } from "ioredis";
import { Mutex } from "redis-semaphore";
import { createLock, IoredisAdapter } from "redlock-universal";
import { connectDirect } from "#lib/gateway/direct";
import { createLocks } from "#lib/lock/locks";
import { makeTools } from "../support/tools.ts";
import { percentile, printTable } from "./numbers.ts";
import { startServed } from "./served.ts";
import { sure, type Timed, timeInTurn } from "./timing.ts";

const CALLERS = [1, 5, 20, 50] as const;

/** For how long each lock is leased, in seconds. */
const TTL = 30;

/** Callers who want one lock at once, and how often they come anew, each for one turn. */
const WAITERS = 20;
const ROUNDS = 10;

/** For how long each of them holds it, in milliseconds. */
const HELD_MS = 5;

type Served = Awaited<ReturnType<typeof startServed>>;

/** A lock taken and given back, and what its time is compared to. */
interface Compared extends Timed {
  readonly by: "REST" | "TCP";
  readonly to: string | undefined;
}

/** Measures locks beside those of others, in one run. */
export async function benchLocks(calls: number) {
  const store = await startServed();
  const direct = new Direct(store.redisUrl);
  const tcp = connectDirect({ redisUrl: store.redisUrl });
  try {
    const operations = comparisons(store, direct, tcp.redis);
    const rows = [];
    for (const callers of CALLERS) {
      console.error(`measuring with ${callers} at once ...`);
      rows.push(...(await measure(operations, calls, callers)));
    }
    console.error(`measuring ${WAITERS} who want one lock ...`);
    const contended = [await contend("@upstash/lock", upstashTurns(store))];
    contended.push(await contend("Headgate", ownTurns(store)));
    print(rows, contended, calls);
    return { calls, rows, contended };
  } finally {
    await tcp.close();
    direct.disconnect();
    await store.stop();
  }
}

/** With a REST call for each command, as those of requests apart are. */
function upstash({ url, token }: Served): Upstash {
  return new Upstash({ url, token, enableTelemetry: false, enableAutoPipelining: false });
}

function comparisons(
  store: Served,
  direct: Direct,
  tcp: ReturnType<typeof connectDirect>["redis"],
) {
  const rest = upstash(store);
  const { locks, failures, ...parts } = makeTools(store);
  const overTcp = createLocks({ ...parts, redis: tcp, onFailure: (what) => failures.push(what) });
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
  /** Milliseconds of both calls. */
  readonly p50: number;
  readonly p95: number;
  readonly to: string | undefined;
  /** Of the p50 of what it is compared to, with as many callers. */
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

/** Takes one lock, and answers what gives it back. */
type Turn = () => Promise<() => Promise<unknown>>;

function upstashTurns(store: Served): Turn {
  const redis = upstash(store);
  return async () => {
    const retry = { attempts: 10_000, delay: 100 };
    const lock = new UpstashLock({ id: "turn", redis, lease: TTL * 1000, retry });
    sure(await lock.acquire());
    return () => lock.release();
  };
}

function ownTurns(store: Served): Turn {
  // Looked up at each call, so that it can be counted.
  const { locks } = makeTools(store, (...call) => globalThis.fetch(...call));
  return async () => {
    const lock = await locks.acquire("turn", { ttl: TTL, wait: "1 hour" });
    return () => lock.release();
  };
}

/** Twenty callers who take one lock in turn: how long it is nobody's, and how often each asks. */
async function contend(what: string, turn: Turn) {
  const idle: number[] = [];
  let [freeAt, calls] = [NaN, 0];
  const { fetch: send } = globalThis;
  globalThis.fetch = (...call) => {
    calls += 1;
    return send(...call);
  };
  try {
    const waiter = async () => {
      const giveBack = await turn();
      if (!Number.isNaN(freeAt)) idle.push(performance.now() - freeAt);
      await pause(HELD_MS);
      await giveBack();
      freeAt = performance.now();
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      freeAt = NaN;
      await Promise.all(Array.from({ length: WAITERS }, waiter));
    }
  } finally {
    globalThis.fetch = send;
  }
  return {
    what,
    /** Milliseconds from a release to the next holder. */
    p50: percentile(50, idle),
    p95: percentile(95, idle),
    /** Store calls of each time that the lock was had, both of the pair among them. */
    callsPerTurn: calls / (WAITERS * ROUNDS),
  };
}

function print(
  rows: readonly Row[],
  contended: readonly Awaited<ReturnType<typeof contend>>[],
  calls: number,
): void {
  console.log(
    `\nA lock taken and given back, ${calls} times each, two round trips: Node, our gateway in a process of its own, redis-server, on loopback\n`,
  );
  printTable(
    ["lock", "by", "callers", "p50 ms", "p95 ms", "p50 to", "ratio"],
    rows.map(({ what, by, callers, p50, p95, to = "–", ratio }) => [
      what,
      by,
      callers,
      p50.toFixed(2),
      p95.toFixed(2),
      to,
      ratio?.toFixed(2) ?? "–",
    ]),
  );
  console.log(
    `\n${WAITERS} callers who want one lock at once, each for ${HELD_MS} ms; ${ROUNDS} times\n`,
  );
  printTable(
    ["lock", "from release to the next holder, p50 ms", "p95 ms", "calls a turn"],
    contended.map(({ what, p50, p95, callsPerTurn }) => [
      what,
      p50.toFixed(1),
      p95.toFixed(1),
      callsPerTurn.toFixed(1),
    ]),
  );
}
