import policy from "#config/rate-limits";
import { createHeadgate, type GateSettings } from "#lib/create";
import { createDedup } from "#lib/dedup/dedup";
import { fromEnv } from "#lib/env";
import { createLocks } from "#lib/lock/locks";
import type { Requester } from "#lib/redis/upstash-protocol";
import { upstashLimits } from "#lib/upstash";
import { failureIn } from "../support/tools.ts";
import { sure, type Timed } from "./timing.ts";

/** An operation of a handler on the store. */
export interface Operation extends Timed {
  /** The short name beside a figure. */
  readonly short: string;
  /** The upper bound of its p50 in the requirements, in milliseconds, or undefined. */
  readonly p50Ms?: number;
}

/** A limit that no run reaches. */
const ENOUGH = 1_000_000_000;

interface Address {
  readonly url: string;
  readonly token: string;
}

/**
 * Returns the measured operations, by one gate as under our own server. The others are compared to the first.
 *
 * @param tcp sends the calls over TCP, instead of REST to the address
 */
export async function operationsOn(store: Address, tcp?: Requester) {
  const failures: string[] = [];
  const settings = settingsOf(store, failures, tcp);
  const gate = createHeadgate(policy, settings);
  const theirs = createHeadgate(policy, { ...settings, limitStore: upstashLimits });
  const locks = createLocks(gate);
  const dedup = createDedup(gate);
  const held = await locks.acquireLock("held", 3600);
  sure(held !== null);
  const counted = async (of: typeof gate, n: number) => {
    const { reason } = await of.limits.limit("sync", { user: `user-${n}` });
    sure(reason === "within-limit");
  };
  let seen = 0;
  const operations: readonly [Operation, ...Operation[]] = [
    {
      what: "PING, to compare",
      short: "PING",
      async run() {
        const { result } = await gate.requester.request({ body: ["PING"] });
        sure(result === "PONG");
      },
    },
    {
      what: "a limit check, another client each",
      short: "limit",
      p50Ms: 10,
      run: (n) => counted(gate, n),
    },
    {
      what: "the same, through @upstash/ratelimit",
      short: "limit by @upstash/ratelimit",
      p50Ms: 10,
      run: (n) => counted(theirs, n),
    },
    {
      what: "a limit check, one client",
      short: "one client's limit",
      p50Ms: 10,
      // A check that fails open reports that nothing was consumed.
      async run() {
        const { success, remaining } = await gate.limits.checkRateLimit("one", ENOUGH, 60_000);
        sure(success && remaining < ENOUGH);
      },
    },
    {
      what: "a dedup check, half of them duplicates",
      short: "dedup",
      p50Ms: 5,
      async run() {
        seen += 1;
        await dedup.shouldTrackEvent(`event-${Math.ceil(seen / 2)}`, 300);
        sure(failures.length === 0);
      },
    },
    {
      what: "a lock acquired and released (two calls)",
      short: "lock",
      p50Ms: 15,
      async run(n) {
        const token = await locks.acquireLock(`lock-${n}`, 30);
        sure(token !== null && (await locks.releaseLock(`lock-${n}`, token)));
      },
    },
    {
      what: "a lock that another caller holds, refused",
      short: "held lock",
      async run() {
        const token = await locks.acquireLock("held", 30);
        sure(token === null && failures.length === 0);
      },
    },
  ];
  return operations;
}

/** The settings of one process of Headgate's server, which batches concurrent calls. */
function settingsOf(store: Address, failures: string[], tcp?: Requester): GateSettings {
  const { missing: _, ...settings } = fromEnv({
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    HEADGATE_SECRET: "a secret of the benchmark, long enough",
    HEADGATE_NAMESPACE: tcp ? "bench-tcp" : "bench-rest",
    HEADGATE_JOIN: "1",
    // The deadline is long, because the time of a call is measured.
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
  });
  return {
    ...settings,
    onEvent(event) {
      const failure = failureIn(event);
      if (failure !== undefined) failures.push(failure);
    },
    ...(tcp && { connect: () => tcp }),
  };
}
