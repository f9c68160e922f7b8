import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { startBillMeter, sumOf } from "../support/billed.ts";
import { startRedis } from "../support/redis.ts";
import { type Limiter, ours, type Take, upstash } from "./limiters.ts";
import { percentile } from "./numbers.ts";
import { readStand } from "./scripts.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";
import { type Figure, groupWanted } from "./report/wanted.ts";

const ROUNDS = 5;
const CALLS = 5000;
const CLIENTS = 500;
const AT_ONCE = 100;
const MANY_CLIENTS = 30_000;
/** A short window, so that the bytes of two windows are measured soon. */
const WINDOW_MS = 10_000;
/** A limit that no client's requests fill, and that sliding-log is meant for. */
const LIMIT = 100;

/** One of our algorithms and the package's counterpart. The counterpart of the log is slidingWindow. */
interface Pair {
  readonly mine: Limiter;
  readonly theirs: Limiter;
  /** The largest wanted ratio of Redis CPU to the counterpart, for one limit and for each of three. */
  readonly most: { readonly one: number; readonly three: number };
}

const PAIRS: readonly Pair[] = [
  { mine: ours("sliding-log"), theirs: upstash("slidingWindow"), most: { one: 1.7, three: 1.2 } },
  {
    mine: ours("sliding-window"),
    theirs: upstash("slidingWindow"),
    most: { one: 1.5, three: 0.95 },
  },
  { mine: ours("fixed-window"), theirs: upstash("fixedWindow"), most: { one: 1.5, three: 0.95 } },
  { mine: ours("token-bucket"), theirs: upstash("tokenBucket"), most: { one: 1.5, three: 0.95 } },
];

/**
 * Measures the cost of each algorithm for one Redis, compared to the counterpart of @upstash/ratelimit:
 * processor time, the commands that Upstash bills, and bytes.
 *
 * @throws {Error} when a decision was not the measured one
 */
export async function benchRedis(): Promise<Report> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  try {
    const figures = [
      ...(await cpuFigures(redis)),
      ...(await billedFigures(redis, server.url)),
      ...(await byteFigures(redis)),
    ];
    return { data: figures, tables: [], wanted: groupWanted(figures) };
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

function atMost(what: string, at: string, wanted: number, value: number): Figure {
  return { what, is: "at most", wanted, at, value };
}

/** Names a pair, such as "sliding-log to slidingWindow". */
function besides(mine: Limiter, theirs: Limiter): string {
  const bare = ({ what }: Limiter) => what.split(", ").at(-1);
  return `${bare(mine)} to ${bare(theirs)}`;
}

/** Measures Redis's processor time by its own account. The figures are medians of the ratios of all rounds. */
async function cpuFigures(redis: Redis): Promise<Figure[]> {
  const ratios = new Map<string, number[]>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    for (const { mine, theirs } of PAIRS) {
      for (const limits of [1, 3]) {
        const cost = await cpuOf(redis, theirs, limits);
        const name = `${mine.what} ${limits}`;
        const ratio = (await cpuOf(redis, mine, limits)) / cost;
        ratios.set(name, [...(ratios.get(name) ?? []), ratio]);
      }
    }
  }
  return PAIRS.flatMap(({ mine, theirs, most }) => {
    const seen = (limits: number) => percentile(50, ratios.get(`${mine.what} ${limits}`) ?? []);
    const at = besides(mine, theirs);
    return [
      atMost("Redis CPU of one limit", at, most.one, seen(1)),
      atMost("Redis CPU of each of three limits", at, most.three, seen(3)),
    ];
  });
}

async function cpuOf(redis: Redis, limiter: Limiter, limits: number): Promise<number> {
  await redis.flushdb();
  const take = limiter.make(redis, limits, LIMIT);
  const ask = async (calls: number) => {
    for (let i = 0; i < calls; i += AT_ONCE) {
      const clients = Array.from({ length: AT_ONCE }, (_, n) => `198.51.100.${(i + n) % CLIENTS}`);
      const allowed = await Promise.all(clients.map((client) => take(client, 1)));
      if (allowed.includes(false))
        throw new Error(`${limiter.what} refused: not what is measured.`);
    }
  };
  const cpu = async () => readStand(await redis.info("cpu"), "").cpu;
  await ask(CLIENTS);
  const before = await cpu();
  await ask(CALLS);
  return ((await cpu()) - before) / CALLS;
}

async function billedFigures(redis: Redis, url: string): Promise<Figure[]> {
  const meter = await startBillMeter(url);
  try {
    const figures: Figure[] = [];
    for (const { mine } of PAIRS) {
      for (const limits of [1, 3]) {
        const take = mine.make(redis, limits, LIMIT);
        const client = `${mine.what} ${limits}`;
        await take(client, 1);
        for (const cost of [1, 20]) {
          const billed = sumOf(await meter.of(() => take(client, cost)));
          const what = `commands billed for ${limits === 1 ? "one limit" : "three limits"}`;
          const at = `${mine.what.split(", ").at(-1)} of ${cost}`;
          figures.push(atMost(what, at, 2 + 2 * limits, billed));
        }
      }
    }
    return figures;
  } finally {
    meter.stop();
  }
}

/**
 * With slidingWindow a client of two windows has two keys. With the package's other algorithms, as with ours,
 * it has one. Redis doubles its space for keys, and here the space per key is the same.
 */
async function byteFigures(redis: Redis): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { mine, theirs } of PAIRS) {
    const ratio = (await bytesOf(redis, mine)) / (await bytesOf(redis, theirs));
    const what = "bytes of a client who came once";
    figures.push(atMost(what, besides(mine, theirs), 1.35, ratio));
  }
  const usual = upstash("slidingWindow");
  const inTwo = await bytesInTwoWindows(redis, usual);
  for (const mine of [ours("sliding-log"), ours("sliding-window")]) {
    const what = "bytes of a client who came in each of two windows";
    const seen = (await bytesInTwoWindows(redis, mine)) / inTwo;
    figures.push(atMost(what, besides(mine, usual), 0.75, seen));
  }
  const log = await bytesOf(redis, ours("sliding-log"), LIMIT);
  return [...figures, atMost("bytes of a log of 100", "", 850, Math.round(log))];
}

function bytesOf(redis: Redis, limiter: Limiter, cost = 1): Promise<number> {
  const take = limiter.make(redis, 1, LIMIT);
  return bytesAfter(redis, take, () => askAll(take, cost));
}

function bytesInTwoWindows(redis: Redis, limiter: Limiter): Promise<number> {
  const take = limiter.make(redis, 1, LIMIT, [WINDOW_MS]);
  return bytesAfter(redis, take, async () => {
    for (let pass = 0; pass < 2; pass += 1) {
      await setTimeout(WINDOW_MS - (Date.now() % WINDOW_MS) + 100);
      await askAll(take, 1);
    }
  });
}

async function bytesAfter(redis: Redis, take: Take, work: () => Promise<void>): Promise<number> {
  await redis.flushdb();
  // Scripts are loaded first, because only keys are measured.
  await take("203.0.113.9", 1);
  const before = await usedMemory(redis);
  await work();
  return ((await usedMemory(redis)) - before) / MANY_CLIENTS;
}

async function askAll(take: Take, cost: number): Promise<void> {
  for (let i = 0; i < MANY_CLIENTS; i += AT_ONCE) {
    const calls = Array.from({ length: AT_ONCE }, (_, n) =>
      take(`10.0.${Math.floor((i + n) / 256)}.${(i + n) % 256}`, cost),
    );
    await Promise.all(calls);
  }
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
}
