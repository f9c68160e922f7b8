import { Redis } from "ioredis";
import { readCommandStats } from "../support/command-stats.ts";
import { startRedis } from "../support/redis.ts";
import { flexible, type Limiter, ours, type Take, upstash } from "./limiters.ts";
import { percentile } from "./numbers.ts";
import { say } from "./report/progress.ts";
import type { Report, Table, Wanted } from "./report/types.ts";
import { wantedOne } from "./report/wanted.ts";

const ROUNDS = 5;
const CALLS = 5000;
const AT_ONCE = 100;
/** The number of clients, who send requests in turn. */
const CLIENTS = 500;
const NEVER_FULL = 1_000_000;
/** A log keeps every request, and is meant for such limits. */
const LOG_LIMIT = 100;

/** The measured case of a row. */
interface Case {
  readonly limiter: Limiter;
  readonly limits: number;
  readonly kind: "admitted" | "refused" | "a log of 90";
}

/** The microseconds of Redis for one decision. */
export interface Cost {
  /** The time of the process by its own account, including reading the call and writing the reply. */
  readonly cpu: number;
  /** The elapsed time in the script, without reading and writing, and with other load of the machine. */
  readonly script: number;
}

const LIMITERS = [
  ours("sliding-log"),
  ours("sliding-window"),
  ours("fixed-window"),
  ours("token-bucket"),
  upstash("slidingWindow"),
  upstash("fixedWindow"),
  upstash("tokenBucket"),
  flexible(),
];

const CASES: readonly Case[] = LIMITERS.flatMap((limiter): Case[] => [
  ...[1, 2, 3, 5].map((limits): Case => ({ limiter, limits, kind: "admitted" })),
  { limiter, limits: 1, kind: "refused" },
  ...(limiter.what.includes("log") ? [{ limiter, limits: 1, kind: "a log of 90" } as const] : []),
]);

/**
 * Measures the cost of a decision for Redis by algorithm and number of limits, compared to
 * @upstash/ratelimit and rate-limiter-flexible on the same Redis, which need a call for each limit.
 *
 * @throws {Error} when a decision was not the measured one
 */
export async function benchScripts(): Promise<Report> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  try {
    const seen = new Map<Case, Cost[]>(CASES.map((each) => [each, []]));
    for (let round = 1; round <= ROUNDS; round += 1) {
      say(`round ${round} of ${ROUNDS}`);
      for (const each of CASES) seen.get(each)?.push(await costOf(redis, each, round));
    }
    const rows = CASES.map((each) => rowOf(each, seen));
    return { data: rows, tables: [tableOf(rows)], wanted: wantedOf(rows) };
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

async function costOf(redis: Redis, { limiter, limits, kind }: Case, round: number): Promise<Cost> {
  await redis.flushdb();
  const most = limiter.what.includes("log") ? LOG_LIMIT : NEVER_FULL;
  const limit = kind === "refused" ? 1 : most;
  const take = limiter.make(redis, limits, limit);
  const clientOf = (n: number) => `198.51.${round}.${n}`;
  const clients = Array.from({ length: CLIENTS }, (_, n) => clientOf(n));
  const before = { admitted: 1, refused: 1, "a log of 90": 90 }[kind];
  await inTurn(clients, (client) => expectRoom(take, client, before, true));
  const calls = kind === "a log of 90" ? CLIENTS * 10 : CALLS;
  const asked = Array.from({ length: calls }, (_, n) => clientOf(n % CLIENTS));
  const from = await standOf(redis);
  await inTurn(asked, (client) => expectRoom(take, client, 1, kind !== "refused"));
  const to = await standOf(redis);
  return { cpu: (to.cpu - from.cpu) / calls, script: (to.script - from.script) / calls };
}

async function inTurn(clients: readonly string[], ask: (client: string) => Promise<void>) {
  for (let i = 0; i < clients.length; i += AT_ONCE) {
    await Promise.all(clients.slice(i, i + AT_ONCE).map(ask));
  }
}

/** An operation without the expected effect must not be measured. */
async function expectRoom(take: Take, client: string, cost: number, expected: boolean) {
  if ((await take(client, cost)) !== expected) {
    throw new Error(`${client} was ${expected ? "refused" : "admitted"}: not what is measured.`);
  }
}

async function standOf(redis: Redis): Promise<Cost> {
  return readStand(await redis.info("cpu"), await redis.info("commandstats"));
}

/** Reads Redis's own account: microseconds since its start. */
export function readStand(cpu: string, commands: string): Cost {
  const seconds = ["used_cpu_sys", "used_cpu_user"].map((name) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(cpu)?.[1]),
  );
  const stats = readCommandStats(commands);
  const usecOf = (name: string) => stats.get(name)?.usec ?? 0;
  return {
    cpu: seconds.reduce((sum, each) => sum + each, 0) * 1_000_000,
    script: usecOf("eval") + usecOf("evalsha"),
  };
}

/** The base of all comparisons: one call of the usual limiter. */
function isUsual({ limiter, limits, kind }: Case): boolean {
  return limiter.what.includes("slidingWindow") && limits === 1 && kind === "admitted";
}

function rowOf(each: Case, seen: ReadonlyMap<Case, readonly Cost[]>) {
  const costs = seen.get(each) ?? [];
  const usual = [...seen].find(([other]) => isUsual(other))?.[1] ?? [];
  const ratioOf = (field: keyof Cost) =>
    percentile(
      50,
      costs.map((cost, i) => cost[field] / (usual[i]?.[field] ?? Number.NaN)),
    );
  const median = (field: keyof Cost) =>
    percentile(
      50,
      costs.map((cost) => cost[field]),
    );
  return {
    what: each.limiter.what,
    limits: each.limits,
    kind: each.kind,
    cpu: median("cpu"),
    script: median("script"),
    cpuRatio: ratioOf("cpu"),
    scriptRatio: ratioOf("script"),
  };
}

type Row = ReturnType<typeof rowOf>;

/** Compares our script with one call of @upstash/ratelimit for each limit. */
function wantedOf(rows: readonly Row[]): Wanted[] {
  const ratio = (limits: number) =>
    rows.find(
      (row) =>
        row.what === "Headgate, sliding-window" && row.limits === limits && row.kind === "admitted",
    )?.cpuRatio ?? Number.NaN;
  const what = "Redis CPU of sliding-window";
  return [
    wantedOne(`${what}, one limit`, "at most", 1.6, ratio(1)),
    wantedOne(`${what}, two limits, to two calls`, "at most", 1.2, ratio(2) / 2),
  ];
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: `Each limiter's own calls by TCP to one redis-server; medians of ${ROUNDS} rounds of ${CALLS} decisions of ${CLIENTS} clients each. Ratios are to @upstash/ratelimit, slidingWindow.`,
    head: ["limiter", "limits", "", "Redis CPU, µs", "ratio", "in the script, µs", "ratio"],
    rows: rows.map((row) => [
      row.what,
      row.limits,
      row.kind,
      row.cpu.toFixed(1),
      row.cpuRatio.toFixed(2),
      row.script.toFixed(1),
      row.scriptRatio.toFixed(2),
    ]),
  };
}
