import { startStore } from "../support/gateway.ts";
import { type Load, load } from "./load.ts";
import { cellsOf, ROW_HEAD, rowOf } from "./rows.ts";
import { connectionsOf } from "./report/wanted.ts";
import { bundleWorker, EVERY_WORKER, startWorkerd, type Worker, WORKERS } from "./workers.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";

/** The wanted ratio of our gate to the plain example. */
const LEAST = 1;

/**
 * Compares our gate under workerd with the plain @upstash/ratelimit example and a worker that does
 * nothing. Calls are not batched there.
 *
 * @throws {Error} when a response was not 2xx
 */
export async function benchWorkerd(how: {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: readonly number[];
}): Promise<Report> {
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
            say(
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
  return reportOf(rows);
}

const nameOf = (worker: Worker, connections: number) => `${worker}, ${connections} connections`;

type Row = { readonly worker: Worker; readonly connections: number } & ReturnType<typeof rowOf>;

function reportOf(rows: readonly Row[]): Report {
  return {
    data: rows,
    tables: [
      {
        title: "Medians of the rounds. Calls are not batched there.",
        head: ["worker", "connections", ...ROW_HEAD],
        rows: rows.map((row) => [WORKERS[row.worker], row.connections, ...cellsOf(row)]),
      },
    ],
    wanted: [
      {
        what: "requests/s under workerd, one rule to the example",
        is: "at least",
        wanted: LEAST,
        seen: rows
          .filter(({ worker }) => worker === "headgate")
          .map(({ connections, toUpstash }) => ({
            at: connectionsOf(connections),
            value: toUpstash,
          })),
      },
    ],
  };
}
