import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedis } from "../support/redis.ts";
import { flexible, type Limiter, ours, type Take, upstash } from "./limiters.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";

const AT_ONCE = 500;
/** A limit that no client's requests fill, and that sliding-log is meant for. */
const LIMIT = 100;

/** The number of clients per millisecond of a window. All clients of a pass must fall into one window. */
const CLIENTS_A_MS = 17;
const SHORTEST_MS = 10_000;

/** The requests of a client: a number of requests in one window, or one in each of two consecutive windows. */
const TWO_WINDOWS = "1 in each of 2 windows";
type Came = "1 request" | "5 requests" | typeof TWO_WINDOWS;

/** The compared limiters. Each is compared to the last @upstash/ratelimit case before it with the same requests. */
const CASES: readonly (readonly [Limiter, Came])[] = [
  [upstash("slidingWindow"), "1 request"],
  [ours("sliding-window"), "1 request"],
  [ours("sliding-log"), "1 request"],
  [upstash("slidingWindow"), TWO_WINDOWS],
  [ours("sliding-window"), TWO_WINDOWS],
  [ours("sliding-log"), TWO_WINDOWS],
  [upstash("slidingWindow"), "5 requests"],
  [ours("sliding-log"), "5 requests"],
  [upstash("fixedWindow"), "1 request"],
  [ours("fixed-window"), "1 request"],
  [flexible(), "1 request"],
  [upstash("tokenBucket"), "1 request"],
  [ours("token-bucket"), "1 request"],
];

/**
 * Measures the memory of a client of one limit in Redis: used_memory of an empty server before and after
 * all clients. Redis doubles its space for keys, so compare only cases with about as many keys.
 */
export async function benchClientMemory(clients: number): Promise<Report> {
  const rows: Row[] = [];
  let theirs = Number.NaN;
  for (const [limiter, came] of CASES) {
    const { bytes, keys } = await memoryOf(limiter, came, clients);
    if (limiter.what.startsWith("@upstash")) theirs = bytes;
    rows.push({ what: limiter.what, came, keys, bytes, ratio: bytes / theirs });
  }
  return reportOf(clients, rows);
}

interface Row {
  readonly what: string;
  readonly came: Came;
  readonly keys: number;
  readonly bytes: number;
  /** The ratio of the bytes to those of the package's same case. */
  readonly ratio: number;
}

function reportOf(clients: number, rows: readonly Row[]): Report {
  const ours = rows.filter(({ what }) => what.startsWith("Headgate"));
  return {
    data: { clients, rows },
    tables: [
      {
        title: `The memory of ${clients.toLocaleString("en-US")} clients of one limit: used_memory of an empty redis-server before and after all of them.`,
        head: [
          "limiter",
          "each came for",
          "keys a client",
          "bytes a client",
          "to @upstash/ratelimit",
        ],
        rows: rows.map((row) => [
          row.what,
          row.came,
          row.keys.toFixed(1),
          Math.round(row.bytes),
          row.ratio.toFixed(2),
        ]),
      },
    ],
    wanted: [
      {
        what: "bytes a client, to @upstash/ratelimit's same case",
        is: "at most",
        wanted: 1,
        seen: ours.map(({ what, came, ratio }) => ({ at: `${what}, ${came}`, value: ratio })),
      },
    ],
  };
}

async function memoryOf(limiter: Limiter, came: Came, clients: number) {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const cost = came === "5 requests" ? 5 : 1;
  try {
    const windowMs = Math.max(SHORTEST_MS, 1000 * Math.ceil(clients / CLIENTS_A_MS / 1000));
    // Keys must not expire before they are counted, so only cases with two windows have short ones.
    const take = limiter.make(redis, 1, LIMIT, came === TWO_WINDOWS ? [windowMs] : undefined);
    // Scripts are loaded first, because only keys are measured.
    await take("203.0.113.9", cost);
    const before = await usedMemory(redis);
    if (came === TWO_WINDOWS) {
      await nextWindow(windowMs);
      await askAll(limiter.what, take, cost, clients);
      await nextWindow(windowMs);
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
    if (i % 100_000 === 0) say(`${what}: ${i} of ${clients} clients`);
  }
}

function nextWindow(windowMs: number): Promise<void> {
  say("until the next window begins ...");
  return setTimeout(windowMs - (Date.now() % windowMs) + 100);
}

function addressOf(n: number): string {
  return `10.${Math.floor(n / 65_536) % 256}.${Math.floor(n / 256) % 256}.${n % 256}`;
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
}
