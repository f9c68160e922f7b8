import type { PartName } from "./report/order.ts";
import type { Report } from "./report/types.ts";

/** The options of a measurement. A part ignores the options that it does not use. */
export interface How {
  readonly rounds: number;
  /** The duration of each load. */
  readonly seconds: number;
  readonly connections: readonly number[];
  readonly calls: number;
  readonly clients: number;
}

/** A part of the benchmark. */
export interface Part {
  /** A description of the comparison in one line. */
  readonly what: string;
  /** The duration on two cores. */
  readonly minutes: number;
  /** The required program or system. */
  readonly needs?: "wrk" | "linux";
  /** A note for the help, such as the need for a registry. */
  readonly note?: string;
  /** The options of the part, with their defaults. */
  readonly defaults: Partial<How>;
  measure(how: How): Promise<Report> | Report;
}

const LOAD = { rounds: 3, seconds: 2 } as const;

/** Each part loads its own file lazily, so that the help and a single part start quickly. */
export const PARTS: Readonly<Record<PartName, Part>> = {
  middleware: {
    what: "the same Next app behind several middlewares, and what a request costs the store",
    minutes: 9,
    needs: "wrk",
    defaults: { ...LOAD, connections: [1, 16, 64] },
    async measure(how) {
      const { benchMiddleware } = await import("./compare.ts");
      const { middlewareReport } = await import("./middleware.ts");
      return middlewareReport(await benchMiddleware(how));
    },
  },
  proxy: {
    what: "the sample with proxy.ts, its store by REST and by TCP",
    minutes: 2,
    needs: "wrk",
    defaults: LOAD,
    measure: async (how) => (await import("./proxy.ts")).benchProxy(how),
  },
  delay: {
    what: "strict and optimistic rules while the store answers 0, 5, 20 and 80 ms later",
    minutes: 3,
    needs: "wrk",
    defaults: { rounds: 3, seconds: 1 },
    measure: async (how) => (await import("./delay.ts")).benchDelay(how),
  },
  workerd: {
    what: "one rule under workerd, beside the example and a worker that does nothing",
    minutes: 2,
    needs: "wrk",
    defaults: { rounds: 5, seconds: 2, connections: [1, 16, 64] },
    measure: async (how) => (await import("./workerd.ts")).benchWorkerd(how),
  },
  edge: {
    what: "what is sent to the edge, and the time to the first decision there",
    minutes: 0.5,
    defaults: {},
    measure: async () => (await import("./edge.ts")).benchEdge(),
  },
  profile: {
    what: "in which functions workerd is while it serves our gate and the example",
    minutes: 0.5,
    needs: "wrk",
    defaults: {},
    measure: async () => (await import("./profile.ts")).benchProfile(),
  },
  gate: {
    what: "the processor's time of a checked request over a store that answers at once",
    minutes: 1,
    defaults: {},
    measure: async () => (await import("./gate.ts")).benchGate(),
  },
  live: {
    what: "10,000 blocked networks, and a gate that follows what is set while the app runs",
    minutes: 0.5,
    defaults: {},
    measure: async () => (await import("./live.ts")).benchLive(),
  },
  matching: {
    what: "finding a request's rules among 10, 100 and 1,000, beside URLPattern and path-to-regexp",
    minutes: 0.2,
    defaults: {},
    measure: async () => (await import("./matching.ts")).benchMatching(),
  },
  tools: {
    what: "limits, dedup and locks of handlers by one caller and by 20, beside a PING",
    minutes: 2,
    defaults: { rounds: 5, calls: 2000 },
    measure: async (how) => (await import("./tools.ts")).benchTools(how),
  },
  dedup: {
    what: "claims beside a bare SET NX, an idempotent handler beside a bare one, and bytes a key",
    minutes: 1.5,
    defaults: { calls: 2000 },
    measure: async ({ calls }) => (await import("./dedup.ts")).benchDedup(calls),
  },
  locks: {
    what: "a lock beside @upstash/lock, redlock-universal and redis-semaphore, free and contended",
    minutes: 2,
    defaults: { calls: 2000 },
    measure: async ({ calls }) => (await import("./locks.ts")).benchLocks(calls),
  },
  billed: {
    what: "REST calls, and the commands that Upstash bills, for one call of each kind",
    minutes: 0.2,
    defaults: {},
    measure: async () => (await import("./billed.ts")).benchBilled(),
  },
  redis: {
    what: "each algorithm beside @upstash/ratelimit's same one: Redis's time, billed commands, bytes",
    minutes: 2,
    defaults: {},
    measure: async () => (await import("./redis.ts")).benchRedis(),
  },
  scripts: {
    what: "Redis's time for a decision by algorithm and number of limits, beside two packages",
    minutes: 2,
    defaults: {},
    measure: async () => (await import("./scripts.ts")).benchScripts(),
  },
  clients: {
    what: "what many clients take in Redis, beside two packages",
    minutes: 1.5,
    defaults: { clients: 100_000 },
    measure: async ({ clients }) => (await import("./client-memory.ts")).benchClientMemory(clients),
  },
  memory: {
    what: "what the requirements' volumes take in Redis",
    minutes: 0.2,
    defaults: {},
    measure: async () => (await import("./memory.ts")).benchMemory(),
  },
  replies: {
    what: "the memory of a gateway that is asked for large replies",
    minutes: 0.5,
    needs: "linux",
    defaults: {},
    measure: async () => (await import("./large-replies.ts")).benchLargeReplies(),
  },
  fleet: {
    what: "how much optimistic fleets of 1 to 100 instances count above a limit, beside the bound",
    minutes: 1,
    note: "a simulation on a timeline, not on a clock",
    defaults: {},
    measure: async () => (await import("./fleet.ts")).benchFleet(),
  },
  start: {
    what: "from npm install to the first 429 in a fresh app, beside the @upstash/ratelimit example",
    minutes: 2,
    note: "needs the npm registry",
    defaults: { rounds: 3 },
    measure: async (how) => (await import("./start/bench.ts")).benchStart(how),
  },
};
