import { startStore } from "../support/gateway.ts";
import { requireWrk } from "./compare.ts";
import { type Load, load } from "./load.ts";
import { printTable } from "./numbers.ts";
import { cellsOf, ROW_HEAD, rowOf } from "./rows.ts";
import { bundleWorker, EVERY_WORKER, startWorkerd, type Worker, WORKERS } from "./workers.ts";

/** What is wanted of ours, to the plain example. */
const LEAST = 1;

/**
 * Compares, under workerd, our gate with the plain @upstash/ratelimit example and a worker that does
 * nothing. Calls are not joined there.
 *
 * @throws {Error} where wrk is not there, or an answer was not 2xx
 */
export async function benchWorkerd(how: {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: readonly number[];
}) {
  requireWrk();
  const store = await startStore();
  const runs = new Map<string, Load[]>();
  try {
    for (let round = 1; round <= how.rounds; round += 1) {
      for (const worker of EVERY_WORKER) {
        const app = await startWorkerd(await bundleWorker(worker, "workerd"), store);
        try {
          await load(`${app.url}/api/ping`, 16, 2);
          for (const connections of how.connections) {
            const seen = await load(`${app.url}/api/ping`, connections, how.seconds);
            const name = nameOf(worker, connections);
            runs.set(name, [...(runs.get(name) ?? []), seen]);
            console.error(
              `round ${round} of ${how.rounds}, workerd, ${name}: ${Math.round(seen.requestsPerSecond)} requests/s`,
            );
          }
        } finally {
          await app.stop();
        }
      }
    }
  } finally {
    await store.stop();
  }
  const rows = EVERY_WORKER.flatMap((worker) =>
    how.connections.map((connections) => {
      const loads = (other: Worker) => runs.get(nameOf(other, connections)) ?? [];
      return { worker, connections, ...rowOf<Worker>(loads, worker) };
    }),
  );
  print(rows);
  return { how, rows };
}

const nameOf = (worker: Worker, connections: number) => `${worker}, ${connections} connections`;

type Row = { readonly worker: Worker; readonly connections: number } & ReturnType<typeof rowOf>;

function print(rows: readonly Row[]): void {
  console.log("\nUnder workerd; medians\n");
  printTable(
    ["worker", "connections", ...ROW_HEAD],
    rows.map((row) => [WORKERS[row.worker], row.connections, ...cellsOf(row)]),
  );
  for (const { connections, toUpstash } of rows.filter(({ worker }) => worker === "headgate")) {
    console.log(
      `\nTo the example at ${connections} connections, at least ${LEAST}: ${toUpstash.toFixed(2)}, ${toUpstash >= LEAST ? "met" : "not met"}.`,
    );
  }
}
