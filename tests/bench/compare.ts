import { startBillMeter } from "../support/billed.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { type Load, load } from "./load.ts";
import { setEntries } from "./live-entries.ts";
import { ratioOf, rowOf } from "./rows.ts";
import { startStoreProxy } from "./store-proxy.ts";
import { trafficOf } from "./traffic.ts";
import {
  buildVariants,
  startVariant,
  type Variant,
  VARIANTS,
  type VariantStore,
} from "./variants.ts";
import { say } from "./report/progress.ts";

/** How the middlewares are loaded. */
export interface How {
  readonly rounds: number;
  /** Of each load. */
  readonly seconds: number;
  readonly connections: readonly number[];
}

/** One variant at one number of connections, in the order of the rounds. */
type Runs = ReadonlyMap<Variant, ReadonlyMap<number, Load[]>>;

/** What is wanted of a variant's requests per second, as a ratio to another's. */
const WANTED: readonly {
  readonly of: Variant;
  readonly to: Variant;
  readonly least: number;
  /** The numbers of connections for which it is wanted; all of them unless said. */
  readonly at?: readonly number[];
}[] = [
  // Most of the lead over a middleware that does nothing is batching: a gate is compared to it batched, too.
  { of: "unmatched", to: "batched", least: 0.97 },
  { of: "one", to: "nothing", least: 1 },
  { of: "one", to: "batched", least: 0.9, at: [16, 64] },
  { of: "tcp", to: "nothing", least: 0.85, at: [1] },
  { of: "tcp", to: "batched", least: 0.9, at: [16, 64] },
  { of: "three", to: "nothing", least: 0.95 },
  { of: "observed", to: "one", least: 0.95 },
  { of: "live", to: "one", least: 0.95 },
  { of: "optimistic", to: "nothing", least: 1 },
  { of: "denied", to: "batched", least: 1.2 },
  { of: "one", to: "upstash", least: 2.5 },
];

/** Whose p99 may be no longer than whose: an app under our server, and the same app under `next start`. */
const TAILS: readonly { readonly of: Variant; readonly to: Variant }[] = [
  { of: "noneBatched", to: "none" },
  { of: "batched", to: "nothing" },
  { of: "upstashBatched", to: "upstash" },
];

const EVERY = Object.keys(VARIANTS) as Variant[];

/** As many requests are counted of a variant, one after the other and at once. */
const COUNTED = 320;

/**
 * Compares, in one run on this machine, the same Next app with other middlewares: requests per second
 * and latency, and what each request costs the store.
 *
 * @throws {Error} when an answer was another than expected
 */
export async function benchMiddleware(how: How) {
  await buildVariants(EVERY);
  const store = await startStore();
  try {
    await setEntries(store.redis.url);
    const runs = await alternate(store, EVERY, how);
    const rows = EVERY.flatMap((variant) =>
      how.connections.map((connections) => summarise(runs, variant, connections)),
    );
    const wanted = wantedOf(runs, how.connections);
    const tails = tailsOf(runs, how.connections);
    const traffic = [];
    for (const variant of EVERY) traffic.push(await trafficOfVariant(variant, store));
    return { how, rows, wanted, tails, traffic };
  } finally {
    await store.stop();
  }
}

/** Round by round, so that what else the machine does falls on all alike. */
export async function alternate(
  store: VariantStore,
  variants: readonly Variant[],
  how: How,
): Promise<Runs> {
  const runs = new Map(
    variants.map((variant) => [
      variant,
      new Map(how.connections.map((connections): [number, Load[]] => [connections, []])),
    ]),
  );
  for (let round = 1; round <= how.rounds; round += 1) {
    for (const variant of variants) {
      const app = await startVariant(variant, store);
      try {
        const url = `${app.url}/api/ping`;
        const expected = variant === "denied" ? "429" : "2xx";
        if (expected === "429") await fetch(url, { headers: { "x-forwarded-for": "203.0.113.9" } });
        await load(url, 16, 2, { expected });
        for (const connections of how.connections) {
          const seen = await load(url, connections, how.seconds, { expected });
          runs.get(variant)?.get(connections)?.push(seen);
          say(
            `round ${round} of ${how.rounds}, ${variant}, ${connections}: ${Math.round(seen.requestsPerSecond)} requests/s`,
          );
        }
      } finally {
        await app.stop();
      }
    }
  }
  return runs;
}

/** A variant at a number of connections. */
export function summarise(runs: Runs, variant: Variant, connections: number) {
  const loads = loadsAt(runs, connections);
  return {
    variant,
    connections,
    ...rowOf<Variant>(loads, variant),
    toBatched: ratioOf(loads(variant), loads("batched")),
  };
}

function loadsAt(runs: Runs, connections: number) {
  return (variant: Variant) => runs.get(variant)?.get(connections) ?? [];
}

/** What is wanted of requests per second, beside what was measured at each number of connections. */
export function wantedOf(runs: Runs, each: readonly number[]) {
  return WANTED.flatMap(({ of, to, least, at = each }) =>
    each.flatMap((connections) => {
      const loads = loadsAt(runs, connections);
      const seen = ratioOf(loads(of), loads(to));
      return at.includes(connections)
        ? [{ of, to, connections, least, seen, isMet: seen >= least }]
        : [];
    }),
  );
}

/** What is wanted of p99, as a ratio to p99 of the same app under `next start`, beside what was measured. */
export function tailsOf(runs: Runs, each: readonly number[]) {
  return TAILS.flatMap(({ of, to }) =>
    each.map((connections) => {
      const loads = loadsAt(runs, connections);
      const seen = ratioOf(loads(of), loads(to), "p99");
      return { of, to, connections, most: 1, seen, isMet: seen <= 1 };
    }),
  );
}

async function trafficOfVariant(variant: Variant, store: TestStore) {
  const proxy = await startStoreProxy(store.url);
  const meter = await startBillMeter(store.redis.url);
  const app = await startVariant(variant, { ...store, url: proxy.url });
  const ask = () => fetch(`${app.url}/api/ping`, { headers: { "x-forwarded-for": "203.0.113.9" } });
  const counted = (atOnce: number) =>
    trafficOf({ proxy, meter }, COUNTED, async () => {
      for (let i = 0; i < COUNTED; i += atOnce) {
        await Promise.all(Array.from({ length: atOnce }, async () => (await ask()).text()));
      }
    });
  try {
    for (let i = 0; i < 3; i += 1) await (await ask()).text();
    return { variant, one: await counted(1), sixteen: await counted(16) };
  } finally {
    await app.stop();
    meter.stop();
    await proxy.stop();
  }
}
