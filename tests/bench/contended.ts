import { setTimeout as pause } from "node:timers/promises";
import { Lock as UpstashLock } from "@upstash/lock";
import { Redis as Upstash } from "@upstash/redis";
import { startBillMeter, sumOf } from "../support/billed.ts";
import { makeTools } from "../support/tools.ts";
import { percentile } from "./numbers.ts";
import type { startServed } from "./served.ts";
import { sure } from "./timing.ts";
import type { Table } from "./report/types.ts";

export type Served = Awaited<ReturnType<typeof startServed>>;

/** The lock TTL in seconds. */
export const TTL = 30;

/** The number of concurrent callers of one lock, and the number of rounds. Each caller has one turn per round. */
export const CONTENDERS = 20;
const ROUNDS = 10;

/** How long each caller holds the lock, in milliseconds. */
const HELD_MS = 5;

/** Compares callers who take one lock in turn, by @upstash/lock and by Headgate. */
export async function benchContended(store: Served) {
  const theirs = await contend("@upstash/lock", store, upstashTurns(store));
  return [theirs, await contend("Headgate", store, ownTurns(store))];
}

/** A client that sends one REST call for each command, as separate requests do. */
export function upstashOf({ url, token }: Served): Upstash {
  return new Upstash({ url, token, enableTelemetry: false, enableAutoPipelining: false });
}

/** Takes the lock, and returns a function that releases it. */
type Turn = () => Promise<() => Promise<unknown>>;

function upstashTurns(store: Served): Turn {
  const redis = upstashOf(store);
  return async () => {
    const retry = { attempts: 10_000, delay: 100 };
    const lock = new UpstashLock({ id: "turn", redis, lease: TTL * 1000, retry });
    sure(await lock.acquire());
    return () => lock.release();
  };
}

function ownTurns(store: Served): Turn {
  // Each call looks up the global fetch, so that it can be counted.
  const { locks } = makeTools(store, (...call) => globalThis.fetch(...call));
  return async () => {
    const lock = await locks.acquire("turn", { ttl: TTL, wait: "1 hour" });
    return () => lock.release();
  };
}

/** Measures twenty callers who take one lock in turn: how long the lock is free, and the cost of each turn. */
async function contend(what: string, store: Served, turn: Turn) {
  const idle: number[] = [];
  let [freeAt, calls] = [NaN, 0];
  const { fetch: send } = globalThis;
  globalThis.fetch = (...call) => {
    calls += 1;
    return send(...call);
  };
  const meter = await startBillMeter(store.redisUrl);
  const waiter = async () => {
    const release = await turn();
    if (!Number.isNaN(freeAt)) idle.push(performance.now() - freeAt);
    await pause(HELD_MS);
    await release();
    freeAt = performance.now();
  };
  const rounds = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      freeAt = NaN;
      await Promise.all(Array.from({ length: CONTENDERS }, waiter));
    }
  };
  const billed = await meter.of(rounds).finally(() => {
    globalThis.fetch = send;
    meter.stop();
  });
  return {
    what,
    /** Milliseconds from a release to the next holder. */
    p50: percentile(50, idle),
    p95: percentile(95, idle),
    /** REST calls for each turn of a caller, including the attempts and the release. */
    callsPerTurn: calls / (CONTENDERS * ROUNDS),
    /** Commands that Upstash would bill for those calls. */
    billedPerTurn: sumOf(billed) / (CONTENDERS * ROUNDS),
  };
}

/** Returns the table of the results of {@link benchContended}. */
export function contendedTable(contended: Awaited<ReturnType<typeof benchContended>>): Table {
  return {
    title: `${CONTENDERS} callers who want one lock at once, each for ${HELD_MS} ms, ${ROUNDS} times:`,
    head: ["lock", "free until the next holder, p50 ms", "p95 ms", "calls a turn", "billed a turn"],
    rows: contended.map(({ what, p50, p95, callsPerTurn, billedPerTurn }) => [
      what,
      p50.toFixed(1),
      p95.toFixed(1),
      callsPerTurn.toFixed(1),
      billedPerTurn.toFixed(1),
    ]),
  };
}
