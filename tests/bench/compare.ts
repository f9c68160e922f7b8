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

/** The options of the load on the middlewares. */
export interface How {
  readonly rounds: number;
  /** The duration of each load. */
  readonly seconds: number;
  readonly connections: readonly number[];
}

/** The loads of each variant at each number of connections, in the order of the rounds. */
type Runs = ReadonlyMap<Variant, ReadonlyMap<number, Load[]>>;

/** The wanted ratios of a variant's requests per second to those of another. */
const WANTED: readonly {
  readonly of: Variant;
  readonly to: Variant;
  readonly least: number;
  /** The numbers of connections with this bound, by default all. */
  readonly at?: readonly number[];
}[] = [
  // Batching is most of the lead over a middleware that does nothing, so a gate is also compared to a batched one.
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

/** The pairs whose first p99 must not exceed the second: an app under our server, and under `next start`. */
const TAILS: readonly { readonly of: Variant; readonly to: Variant }[] = [
  { of: "noneBatched", to: "none" },
  { of: "batched", to: "nothing" },
  { of: "upstashBatched", to: "upstash" },
];

const EVERY = Object.keys(VARIANTS) as Variant[];

/** The number of counted requests of a variant, one after the other and concurrently. */
const COUNTED = 320;

/**
 * Compares, in one run on this machine, the same Next app with several middlewares: requests per second,
 * latency, and the cost of each request to the store.
 *
 * @throws {Error} when a response was not as expected
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

/** The variants alternate in each round, so that other load of the machine affects all alike. */
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

/** Returns a variant's result at a number of connections. */
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

/** Returns the wanted requests per second, with the measured ones at each number of connections. */
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

/** Returns the wanted p99 as a ratio to p99 of the same app under `next start`, with the measured ones. */
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
