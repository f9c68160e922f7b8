import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { startBillMeter, sumOf } from "../support/billed.ts";
import { startRedis } from "../support/redis.ts";
import { type Limiter, ours, type Take, upstash } from "./limiters.ts";
import { percentile, printTable } from "./numbers.ts";
import { readStand } from "./scripts.ts";

const ROUNDS = 5;
const CALLS = 5000;
const CLIENTS = 500;
const AT_ONCE = 100;
const MANY_CLIENTS = 30_000;
/** Short, so that the bytes of two windows are measured soon. */
const WINDOW_MS = 10_000;
/** What no client's requests fill, and what sliding-log is meant for. */
const LIMIT = 100;

/** One of our algorithms beside the package's same one; the log beside its slidingWindow. */
interface Pair {
  readonly mine: Limiter;
  readonly theirs: Limiter;
  /** The most Redis CPU for one limit, and for each of three, to theirs. */
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

/** A figure, and the most that is wanted of it. */
interface Figure {
  readonly what: string;
  readonly most: number;
  readonly seen: number;
}

/**
 * Measures what each algorithm costs one Redis beside @upstash/ratelimit's same one: its processor's time,
 * the commands that Upstash bills, and bytes; and prints what is wanted beside what was seen.
 *
 * @throws {Error} where a decision was not the one that is measured
 */
export async function benchRedis() {
  const server = await startRedis();
  const redis = new Redis(server.url);
  try {
    const figures = [
      ...(await cpuFigures(redis)),
      ...(await billedFigures(redis, server.url)),
      ...(await byteFigures(redis)),
    ];
    console.log("\nWhat each algorithm costs Redis, beside @upstash/ratelimit in the same run\n");
    printTable(
      ["what", "wanted, at most", "measured", ""],
      figures.map(({ what, most, seen }) => [
        what,
        most,
        Number.isInteger(seen) ? seen : seen.toFixed(2),
        seen <= most ? "met" : "not met",
      ]),
    );
    return { figures };
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

/** Redis's own account of its processor's time; medians of the ratios of all rounds. */
async function cpuFigures(redis: Redis): Promise<Figure[]> {
  const ratios = new Map<string, number[]>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    console.error(`redis: round ${round} of ${ROUNDS}`);
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
    const to = `to ${theirs.what}`;
    return [
      { what: `${mine.what}, one limit: Redis CPU ${to}`, most: most.one, seen: seen(1) },
      { what: `${mine.what}, each of three: Redis CPU ${to}`, most: most.three, seen: seen(3) },
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
          const what = `${mine.what}, ${limits === 1 ? "one limit" : "three limits"}, a cost of ${cost}: commands billed`;
          figures.push({ what, most: 2 + 2 * limits, seen: billed });
        }
      }
    }
    return figures;
  } finally {
    meter.stop();
  }
}

/**
 * Of slidingWindow a client has two keys who came in two windows; of the package's others one, as ours.
 * Redis makes room for keys by doubling: here it is the same for each key.
 */
async function byteFigures(redis: Redis): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { mine, theirs } of PAIRS) {
    const ratio = (await bytesOf(redis, mine)) / (await bytesOf(redis, theirs));
    const what = `${mine.what}, a client who came once: bytes to ${theirs.what}`;
    figures.push({ what, most: 1.35, seen: ratio });
  }
  const inTwo = await bytesInTwoWindows(redis, upstash("slidingWindow"));
  for (const mine of [ours("sliding-log"), ours("sliding-window")]) {
    const what = `${mine.what}, a client who came in each of two windows: bytes to @upstash/ratelimit, slidingWindow`;
    figures.push({ what, most: 0.75, seen: (await bytesInTwoWindows(redis, mine)) / inTwo });
  }
  const log = await bytesOf(redis, ours("sliding-log"), LIMIT);
  return [...figures, { what: "a log of 100: bytes", most: 850, seen: Math.round(log) }];
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
  // Scripts are there before: what is measured are keys.
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
