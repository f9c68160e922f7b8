import { brotliCompressSync, gzipSync } from "node:zlib";
import { EdgeVM } from "@edge-runtime/vm";
import { startStore } from "../support/gateway.ts";
import { percentile, printTable } from "./numbers.ts";
import {
  bundleWorker,
  EVERY_WORKER,
  startWorkerd,
  type Store,
  type Worker,
  WORKERS,
} from "./workers.ts";
import type { createHandler } from "./workers/headgate.ts";

const ROUNDS = 15;

/** Milliseconds until the first decision of each, in the order of the rounds. */
type Times = Readonly<Record<Worker, number[]>>;

/**
 * Compares what is sent to the edge, and how long it takes until the first decision there: in workerd
 * from its start, which a worker that does nothing has as well, and in the edge runtime from nothing.
 */
export async function benchEdge() {
  const store = await startStore();
  try {
    const bundles = await Promise.all(
      EVERY_WORKER.map(async (worker) => ({
        worker,
        workerd: await bundleWorker(worker, "workerd"),
        edge: await bundleWorker(worker, "edge"),
      })),
    );
    const times = { workerd: noTimes(), edge: noTimes() };
    for (let round = 0; round <= ROUNDS; round += 1) {
      console.error(`edge: round ${round} of ${ROUNDS}`);
      for (const { worker, workerd, edge } of bundles) {
        const ms = { workerd: await inWorkerd(workerd, store), edge: await inEdge(edge, store) };
        // The first round also loads what is measured with.
        if (round === 0) continue;
        times.workerd[worker].push(ms.workerd);
        times.edge[worker].push(ms.edge);
      }
    }
    const rows = bundles.map(({ worker, workerd }) => rowOf(worker, workerd, times));
    print(rows);
    return { rounds: ROUNDS, rows };
  } finally {
    await store.stop();
  }
}

function noTimes(): Times {
  return { nothing: [], headgate: [], upstash: [] };
}

const HEADERS = { "x-forwarded-for": "203.0.113.9" };

async function inWorkerd(code: string, store: Store): Promise<number> {
  const began = performance.now();
  const app = await startWorkerd(code, store);
  try {
    expectPong(await fetch(`${app.url}/api/ping`, { headers: HEADERS }));
    return performance.now() - began;
  } finally {
    await app.stop();
  }
}

async function inEdge(code: string, { url, token }: Store): Promise<number> {
  const began = performance.now();
  const vm = new EdgeVM();
  vm.evaluate(code);
  const handle = vm.evaluate<typeof createHandler>("worker.createHandler")({
    STORE_URL: url,
    STORE_TOKEN: token,
  });
  const later: Promise<unknown>[] = [];
  const request = new vm.context.Request("http://app.example/api/ping", { headers: HEADERS });
  const answer = await handle(request, {
    waitUntil: (work) => later.push(work),
  });
  const tookMs = performance.now() - began;
  expectPong(answer);
  await Promise.all(later);
  return tookMs;
}

/** A gate that failed open would look quick, but for its headers. */
function expectPong(answer: Response): void {
  if (answer.status !== 200) throw new Error(`The first answer is a ${answer.status}.`);
}

function rowOf(worker: Worker, code: string, times: { workerd: Times; edge: Times }) {
  const added = (of: Times) =>
    percentile(
      50,
      of[worker].map((ms, i) => ms - (of.nothing[i] ?? Number.NaN)),
    );
  return {
    worker,
    bytes: code.length,
    gzip: gzipSync(code).length,
    brotli: brotliCompressSync(code).length,
    workerdMs: percentile(50, times.workerd[worker]),
    workerdAddedMs: added(times.workerd),
    edgeMs: percentile(50, times.edge[worker]),
    edgeAddedMs: added(times.edge),
  };
}

function print(rows: readonly ReturnType<typeof rowOf>[]): void {
  const kB = (bytes: number) => (bytes / 1000).toFixed(1);
  console.log(`\nAt the edge: what is sent there, and the first decision; medians of ${ROUNDS}\n`);
  printTable(
    [
      "worker",
      "minified, kB",
      "gzip, kB",
      "brotli, kB",
      "workerd, ms",
      "more than nothing, ms",
      "edge runtime, ms",
      "more than nothing, ms",
    ],
    rows.map((row) => [
      WORKERS[row.worker],
      kB(row.bytes),
      kB(row.gzip),
      kB(row.brotli),
      row.workerdMs.toFixed(0),
      row.workerdAddedMs.toFixed(1),
      row.edgeMs.toFixed(1),
      row.edgeAddedMs.toFixed(1),
    ]),
  );
}
