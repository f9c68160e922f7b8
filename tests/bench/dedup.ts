import { Redis as Upstash } from "@upstash/redis";
import { Redis as Direct } from "ioredis";
import { makeTools } from "../support/tools.ts";
import { percentile } from "./numbers.ts";
import { startServed } from "./served.ts";
import { sure, type Timed, timeInTurn } from "./timing.ts";
import { say } from "./report/progress.ts";
import type { Report, Wanted } from "./report/types.ts";
import { callersOf } from "./report/wanted.ts";

const CALLERS = [1, 5, 20, 50] as const;

/** The number of keys in a call for many. */
const MANY = 100;

/** The number of keys of each kind, for the memory of one key. */
const KEYS = 10_000;

const WINDOW_SECONDS = 300;

interface Address {
  readonly url: string;
  readonly token: string;
}

/** A timed operation, and the operation that it is compared to. */
interface Compared extends Timed {
  readonly to: string | undefined;
  /** The number of sequential store calls. */
  readonly roundTrips: number;
  /** The share of the calls, for a slow operation. */
  readonly share?: number;
}

/** Measures dedup and the commands that it is built on, in one run. */
export async function benchDedup(calls: number) {
  const store = await startServed();
  try {
    const rows = [];
    for (const callers of CALLERS) {
      say(`measuring with ${callers} at once ...`);
      for (const group of await comparisons(store))
        rows.push(...(await measure(group, calls, callers)));
    }
    const bytes = await bytesOfKeys(store);
    return reportOf(calls, rows, bytes);
  } finally {
    await store.stop();
  }
}

/** Makes a client as in its documentation, or one with a REST call for each command, like separate requests. */
function upstash({ url, token }: Address, enableAutoPipelining: boolean): Upstash {
  return new Upstash({ url, token, enableTelemetry: false, enableAutoPipelining });
}

async function comparisons(store: Address): Promise<readonly (readonly Compared[])[]> {
  const { dedup, idempotent, failures } = makeTools(store);
  const alone = upstash(store, false);
  const joined = upstash(store, true);
  const set = async (client: Upstash, key: string) => {
    sure((await client.set(key, "1", { nx: true, ex: WINDOW_SECONDS })) === "OK");
  };
  const isFirst = (claim: { state: string }) => sure(claim.state === "first" && !failures.length);
  const handler = async () => Response.json({ done: true }, { status: 201 });
  const keyed = idempotent(handler, { caller: () => "ada" });
  const request = (n: number) =>
    new Request("http://app.example/orders", {
      method: "POST",
      headers: { "idempotency-key": `"${n}"` },
      body: "{}",
    });
  // The response that is repeated exists before the measurement.
  await keyed(request(0));
  return [
    [
      { what: "SET NX", to: undefined, roundTrips: 1, run: (n) => set(alone, `set:${n}`) },
      {
        what: "claim",
        to: "SET NX",
        roundTrips: 1,
        run: async (n) => isFirst(await dedup.claim(`c:${n}`, { window: WINDOW_SECONDS })),
      },
      {
        what: "claim with a lease",
        to: "SET NX",
        roundTrips: 1,
        run: async (n) =>
          isFirst(await dedup.claim(`l:${n}`, { lease: 30, window: WINDOW_SECONDS })),
      },
      {
        what: "SET NX, joined by the client",
        to: "SET NX",
        roundTrips: 1,
        run: (n) => set(joined, `joined:${n}`),
      },
    ],
    [
      {
        what: `${MANY} SET NX in a pipeline`,
        to: undefined,
        roundTrips: 1,
        share: 0.2,
        async run(n) {
          const pipeline = alone.pipeline();
          for (let i = 0; i < MANY; i += 1) {
            pipeline.set(`many:${n}:${i}`, "1", { nx: true, ex: WINDOW_SECONDS });
          }
          const answers = await pipeline.exec();
          sure(answers.length === MANY && answers.every((answer) => answer === "OK"));
        },
      },
      {
        what: `claimMany of ${MANY}`,
        to: `${MANY} SET NX in a pipeline`,
        roundTrips: 1,
        share: 0.2,
        async run(n) {
          const keys = Array.from({ length: MANY }, (_, i) => `m:${n}:${i}`);
          const claims = await dedup.claimMany(keys, { window: WINDOW_SECONDS });
          for (const claim of claims) isFirst(claim);
        },
      },
    ],
    [
      {
        what: "a handler",
        to: undefined,
        roundTrips: 0,
        run: async () => sure((await handler()).status === 201),
      },
      {
        what: "the handler, idempotent",
        to: "SET NX",
        roundTrips: 2,
        run: async (n) => sure((await keyed(request(n))).status === 201 && !failures.length),
      },
      {
        what: "its answer again",
        to: "SET NX",
        roundTrips: 1,
        run: async () => {
          const answer = await keyed(request(0));
          sure(answer.status === 201 && !failures.length);
        },
      },
    ],
  ];
}

interface Row {
  readonly what: string;
  readonly callers: number;
  readonly roundTrips: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly to: string | undefined;
  /** The ratio to the p50 of the compared operation with as many callers. */
  readonly ratio: number | undefined;
}

/** The p50 of the operations that others are compared to, by callers and name. */
const bases = new Map<string, number>();

async function measure(group: readonly Compared[], calls: number, callers: number): Promise<Row[]> {
  const count = Math.ceil(calls * (group[0]?.share ?? 1));
  const times = await timeInTurn(group, { calls: count, callers });
  return group.map(({ what, roundTrips, to }, i) => {
    const [p50, p95] = [percentile(50, times[i] ?? []), percentile(95, times[i] ?? [])];
    bases.set(`${callers} ${what}`, p50);
    const base = to === undefined ? undefined : bases.get(`${callers} ${to}`);
    return {
      what,
      callers,
      roundTrips,
      p50,
      p95,
      to,
      ratio: base === undefined ? base : p50 / base,
    };
  });
}

/** Measures the memory of a key of each kind in Redis, with names of one length. */
async function bytesOfKeys(store: Address & { readonly redisUrl: string }) {
  const { dedup, keys, keyedHash } = makeTools(store);
  const direct = new Direct(store.redisUrl);
  const kinds: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    "SET NX of 1": (key) =>
      direct.set(keys.event(keyedHash("event", key)), "1", "EX", WINDOW_SECONDS, "NX"),
    claim: (key) => dedup.claim(key, { window: WINDOW_SECONDS }),
    "claim with a lease": (key) => dedup.claim(key, { lease: 30, window: WINDOW_SECONDS }),
  };
  const memory = async () => Number(/used_memory:(\d+)/.exec(await direct.info("memory"))?.[1]);
  const found: Record<string, number> = {};
  try {
    for (const [what, write] of Object.entries(kinds)) {
      await direct.flushall();
      await write("warm");
      const before = await memory();
      for (let n = 0; n < KEYS; n += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, i) => write(`${what} ${n + i}`)));
      }
      found[what] = Math.round(((await memory()) - before) / KEYS);
    }
  } finally {
    direct.disconnect();
  }
  return found;
}

function reportOf(
  calls: number,
  rows: readonly Row[],
  bytes: Readonly<Record<string, number>>,
): Report {
  return {
    data: { calls, rows, bytes },
    wanted: wantedOf(rows),
    tables: [
      {
        title: `${calls} calls each, a fifth of those of many, by Node through our gateway in another process to redis-server, on loopback:`,
        head: ["what", "callers", "round trips", "p50 ms", "p95 ms", "p50 to", "ratio"],
        rows: rows.map(({ what, callers, roundTrips, p50, p95, to = "–", ratio }) => [
          what,
          callers,
          roundTrips,
          p50.toFixed(2),
          p95.toFixed(2),
          to,
          ratio?.toFixed(2) ?? "–",
        ]),
      },
      { title: "Bytes a key in Redis:", head: ["kind", "bytes"], rows: Object.entries(bytes) },
    ],
  };
}

/**
 * A claim beside a bare SET NX. Its time with 20 callers at once is wanted in the part `tools`, whose calls
 * are batched as under our own server.
 */
function wantedOf(rows: readonly Row[]): Wanted[] {
  const claims = rows.filter(({ what }) => what === "claim");
  return [
    {
      what: "p50 of a claim, to SET NX",
      is: "at most",
      wanted: 1.15,
      seen: claims.map(({ callers, ratio }) => ({ at: callersOf(callers), value: ratio ?? null })),
    },
  ];
}
