import { findProgram } from "#lib/cli/find-program";
import { startStore } from "../support/gateway.ts";
import { restCallsPerRequest } from "./count-calls.ts";
import { type Load, load } from "./load.ts";
import { percentile, printTable } from "./numbers.ts";
import { buildVariant, startVariant, type Variant, VARIANTS } from "./variants.ts";

const WHAT: Readonly<Record<Variant, string>> = {
  none: "no middleware",
  nothing: "do-nothing middleware",
  headgate: "Headgate, one rule",
  joined: "Headgate, one rule, self-hosted",
  upstash: "@upstash/ratelimit example",
};

/** How the middlewares are loaded. */
export interface How {
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  readonly connections: number;
}

/**
 * Compares, in one run on this machine, the same Next app with four middlewares.
 *
 * @throws {Error} where wrk is not there, or an answer was not 2xx
 */
export async function benchMiddleware(how: How) {
  if (!findProgram("wrk")) {
    throw new Error("It needs wrk. On Debian or Ubuntu: sudo apt-get install wrk");
  }
  for (const variant of VARIANTS) {
    console.error(`building: ${WHAT[variant]} ...`);
    await buildVariant(variant);
  }
  const store = await startStore();
  try {
    const runs = await alternate(store, how);
    const rows = [];
    for (const variant of VARIANTS) rows.push(await summarise(variant, runs, store));
    print(rows, how);
    return { how, rows };
  } finally {
    await store.stop();
  }
}

type Runs = Record<Variant, Load[]>;

/** Round by round, so that what else the machine does falls on all alike. */
async function alternate(
  store: { url: string; token: string },
  { rounds, seconds, connections }: How,
): Promise<Runs> {
  const runs: Runs = { none: [], nothing: [], headgate: [], joined: [], upstash: [] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const variant of VARIANTS) {
      const app = await startVariant(variant, store);
      try {
        const url = `${app.url}/api/ping`;
        await load(url, connections, 2);
        if (round === 0) continue;
        const seen = await load(url, connections, seconds);
        runs[variant].push(seen);
        console.error(
          `round ${round} of ${rounds}, ${variant}: ${Math.round(seen.requestsPerSecond)} requests/s`,
        );
      } finally {
        await app.stop();
      }
    }
  }
  return runs;
}

async function summarise(variant: Variant, runs: Runs, store: { url: string; token: string }) {
  const of = (field: keyof Load) =>
    percentile(
      50,
      runs[variant].map((run) => run[field]),
    );
  const ratios = runs[variant].map(
    (run, i) => run.requestsPerSecond / (runs.nothing[i]?.requestsPerSecond ?? NaN),
  );
  return {
    variant,
    requestsPerSecond: of("requestsPerSecond"),
    p50: of("p50"),
    p99: of("p99"),
    toNothing: percentile(50, ratios),
    restCalls: await restCallsPerRequest(variant, store),
  };
}

function print(rows: readonly Awaited<ReturnType<typeof summarise>>[], how: How): void {
  console.log(`\nThe gate before a handler; ${JSON.stringify(how)}; medians\n`);
  printTable(
    ["middleware", "requests/s", "to do-nothing", "p50 ms", "p99 ms", "REST calls a request"],
    rows.map((row) => [
      WHAT[row.variant],
      Math.round(row.requestsPerSecond),
      row.toNothing.toFixed(2),
      row.p50.toFixed(1),
      row.p99.toFixed(1),
      row.restCalls,
    ]),
  );
}
