import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedis } from "../support/redis.ts";
import { flexible, type Limiter, ours, type Take, upstash } from "./limiters.ts";
import { printTable } from "./numbers.ts";

const AT_ONCE = 500;
/** One that no client's requests fill, and that sliding-log is meant for. */
const LIMIT = 100;

/** The first of the limits' windows. */
const WINDOW_MS = 60_000;

/** What a client does: a number of requests in one window, or one in each of two in a row. */
type Came = "1 request" | "5 requests" | "1 in each of 2 windows";

/** Who is compared, each to the last of theirs before it that did the same. */
const CASES: readonly (readonly [Limiter, Came])[] = [
  [upstash("slidingWindow"), "1 request"],
  [ours("sliding-window"), "1 request"],
  [ours("sliding-log"), "1 request"],
  [upstash("slidingWindow"), "1 in each of 2 windows"],
  [ours("sliding-window"), "1 in each of 2 windows"],
  [ours("sliding-log"), "1 in each of 2 windows"],
  [upstash("slidingWindow"), "5 requests"],
  [ours("sliding-log"), "5 requests"],
  [upstash("fixedWindow"), "1 request"],
  [ours("fixed-window"), "1 request"],
  [flexible(), "1 request"],
  [upstash("tokenBucket"), "1 request"],
  [ours("token-bucket"), "1 request"],
];

/**
 * Measures what a client of one limit takes in Redis: used_memory of an empty server before and after
 * all of them. Redis makes room for keys by doubling, so compare what has about as many keys.
 */
export async function benchClientMemory(clients: number) {
  const rows: { what: string; came: Came; keys: number; bytes: number; ratio: number }[] = [];
  let theirs = Number.NaN;
  for (const [limiter, came] of CASES) {
    const { bytes, keys } = await memoryOf(limiter, came, clients);
    if (limiter.what.startsWith("@upstash")) theirs = bytes;
    rows.push({ what: limiter.what, came, keys, bytes, ratio: bytes / theirs });
  }
  console.log(`\nMemory of ${clients} clients of one limit, in Redis\n`);
  printTable(
    ["limiter", "each came for", "keys a client", "bytes a client", "to @upstash/ratelimit"],
    rows.map((row) => [
      row.what,
      row.came,
      row.keys.toFixed(1),
      Math.round(row.bytes),
      row.ratio.toFixed(2),
    ]),
  );
  const missed = rows.filter(({ what, ratio }) => what.startsWith("Headgate") && ratio > 1);
  const names = missed.map(({ what, came }) => `${what}, ${came}`).join("; ");
  console.log(`\nAt most theirs: ${names ? `not met by ${names}` : "met"}.`);
  return { clients, rows };
}

async function memoryOf(limiter: Limiter, came: Came, clients: number) {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const cost = came === "5 requests" ? 5 : 1;
  try {
    const take = limiter.make(redis, 1, LIMIT);
    // Scripts are there before: what is measured are keys.
    await take("203.0.113.9", cost);
    const before = await usedMemory(redis);
    if (came === "1 in each of 2 windows") {
      await nextWindow();
      await askAll(limiter.what, take, cost, clients);
      await nextWindow();
    }
    await askAll(limiter.what, take, cost, clients);
    const keys = (await redis.dbsize()) / clients;
    if (keys < 1) throw new Error(`${keys} keys a client: some have ended.`);
    return { keys, bytes: ((await usedMemory(redis)) - before) / clients };
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

async function askAll(what: string, take: Take, cost: number, clients: number): Promise<void> {
  for (let i = 0; i < clients; i += AT_ONCE) {
    const count = Math.min(AT_ONCE, clients - i);
    await Promise.all(Array.from({ length: count }, (_, n) => take(addressOf(i + n), cost)));
    if (i % 100_000 === 0) console.error(`${what}: ${i} of ${clients} clients`);
  }
}

/** All of a pass has to fall into one window: a million take about as long. */
function nextWindow(): Promise<void> {
  console.error("until the next minute begins ...");
  return setTimeout(WINDOW_MS - (Date.now() % WINDOW_MS) + 100);
}

function addressOf(n: number): string {
  return `10.${Math.floor(n / 65_536) % 256}.${Math.floor(n / 256) % 256}.${n % 256}`;
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
}
