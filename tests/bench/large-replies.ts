import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { startProgram } from "../support/app.ts";
import { startRedis } from "../support/redis.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";

const TOKEN = "a-token-of-the-bench";
const MIB = 1024 * 1024;
const MGET = ["MGET", ...times(300, "value")];

/** Small requests with large replies. Each is sent by a number of clients at once. */
const CASES: readonly (readonly [what: string, path: string, body: unknown, clients: number])[] = [
  ["one small GET", "/", ["GET", "small"], 1],
  ["pipeline of 300 GET of 1 MB", "/pipeline", times(300, ["GET", "value"]), 1],
  ["transaction of 300 GET of 1 MB", "/multi-exec", times(300, ["GET", "value"]), 1],
  ["pipeline of 100 LRANGE of 100,000", "/pipeline", times(100, ["LRANGE", "list", 0, -1]), 1],
  ["MGET of 300 values of 1 MB", "/", MGET, 1],
  ["GET of 256 MB", "/", ["GET", "huge"], 1],
  ["the pipeline of GET", "/pipeline", times(300, ["GET", "value"]), 10],
];

/**
 * Measures the largest memory of a gateway in a separate process while it answers requests with large
 * replies, and how long small requests wait meanwhile.
 */
export async function benchLargeReplies(): Promise<Report> {
  const redis = await startRedis();
  try {
    await fill(redis.url);
    const rows = [];
    for (const [what, path, body, clients] of CASES) {
      say(`${what} ...`);
      rows.push({ what, clients, ...(await measure(redis.url, path, body, clients)) });
    }
    return {
      data: rows,
      wanted: [],
      tables: [
        {
          title:
            "The most memory of a gateway in another process, and how long small requests wait:",
          head: ["request", "clients", "bytes sent", "most memory, MB", "slowest small GET, ms"],
          rows: rows.map((row) => [row.what, row.clients, row.sent, row.mostMb, row.slowestMs]),
        },
      ],
    };
  } finally {
    await redis.stop();
  }
}

async function fill(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.set("small", "value");
  await redis.set("value", "x".repeat(MIB));
  await redis.setrange("huge", 256 * MIB - 1, "x");
  for (let n = 0; n < 100; n += 1) await redis.rpush("list", ...times(1_000, `entry-${n}`));
  redis.disconnect();
}

async function measure(redisUrl: string, path: string, body: unknown, clients: number) {
  const env = { REDIS_URL: redisUrl, GATEWAY_PORT: "0", GATEWAY_TOKEN: TOKEN };
  const gateway = await startProgram(["lib/cli/gateway.ts"], env);
  try {
    const text = JSON.stringify(body);
    const state = { isOver: false };
    const small = slowestSmall(gateway.url, state);
    await Promise.all(times(clients, text).map((sent) => ask(gateway.url + path, sent)));
    state.isOver = true;
    const slowestMs = Math.round(await small);
    return { sent: text.length, mostMb: mostMemory(gateway.pid), slowestMs };
  } finally {
    await gateway.stop();
  }
}

async function slowestSmall(url: string, state: { readonly isOver: boolean }): Promise<number> {
  let slowest = 0;
  while (!state.isOver) {
    const before = performance.now();
    await ask(url, '["GET","small"]');
    slowest = Math.max(slowest, performance.now() - before);
    await setTimeout(5);
  }
  return slowest;
}

async function ask(url: string, body: string): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await fetch(url, { method: "POST", headers, body });
  for await (const _ of answer.body ?? []);
}

/** Returns the largest memory that a process has had, in MB. Only Linux reports it. */
function mostMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

function times<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one);
}
