import { startStore } from "../support/gateway.ts";
import { alternate, summarise } from "./compare.ts";
import { startStoreProxy } from "./store-proxy.ts";
import { buildVariants, type Variant, VARIANTS } from "./variants.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";
import { wantedOne } from "./report/wanted.ts";

/** The delays of the store's responses, in milliseconds. */
const DELAYS_MS = [0, 5, 20, 80] as const;
const COMPARED = ["nothing", "one", "optimistic"] as const satisfies readonly Variant[];
const CONNECTIONS = 64;

/** The wanted ratio of "optimistic" to do-nothing at 20 ms. */
const WANTED = { delayMs: 20, least: 1 } as const;

/**
 * Compares strict and optimistic rules with a middleware that does nothing while the store is distant.
 *
 * @throws {Error} when wrk is missing, or a response was not 2xx
 */
export async function benchDelay({
  rounds,
  seconds,
}: {
  rounds: number;
  seconds: number;
}): Promise<Report> {
  await buildVariants(COMPARED);
  const store = await startStore();
  const rows: Row[] = [];
  try {
    for (const delayMs of DELAYS_MS) {
      say(`the store answers ${delayMs} ms later`);
      const proxy = await startStoreProxy(store.url, delayMs);
      try {
        const how = { rounds, seconds, connections: [CONNECTIONS] };
        const runs = await alternate({ url: proxy.url, token: store.token }, COMPARED, how);
        const [nothing, ...ours] = COMPARED.map((variant) => summarise(runs, variant, CONNECTIONS));
        rows.push(
          ...ours.map((row) => ({ delayMs, ...row, addedMs: row.p50 - (nothing?.p50 ?? NaN) })),
        );
      } finally {
        await proxy.stop();
      }
    }
  } finally {
    await store.stop();
  }
  return reportOf(rows);
}

type Row = ReturnType<typeof summarise> & { readonly delayMs: number; readonly addedMs: number };

function reportOf(rows: readonly Row[]): Report {
  const optimistic = rows.find(
    ({ variant, delayMs }) => variant === "optimistic" && delayMs === WANTED.delayMs,
  );
  return {
    data: rows,
    tables: [
      {
        title: `Under our own server at ${CONNECTIONS} connections, medians. "Added" is p50 less that of the middleware that does nothing.`,
        head: [
          "later by, ms",
          "middleware",
          "requests/s",
          "to do-nothing",
          "p50 ms",
          "added, ms",
          "p99 ms",
        ],
        rows: rows.map((row) => [
          row.delayMs,
          VARIANTS[row.variant].what,
          Math.round(row.requestsPerSecond),
          row.toNothing.toFixed(2),
          row.p50.toFixed(1),
          row.addedMs.toFixed(1),
          row.p99.toFixed(1),
        ]),
      },
    ],
    wanted: [
      wantedOne(
        `requests/s of an optimistic rule to do-nothing, the store ${WANTED.delayMs} ms later`,
        "at least",
        WANTED.least,
        optimistic?.toNothing ?? Number.NaN,
      ),
    ],
  };
}
