import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { EdgeVM } from "@edge-runtime/vm";
import { ROOT } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { percentile } from "./numbers.ts";
import {
  bundleWorker,
  EVERY_WORKER,
  startWorkerd,
  type Store,
  type Worker,
  WORKERS,
} from "./workers.ts";
import type { createHandler } from "./workers/headgate.ts";
import { say } from "./report/progress.ts";
import type { Report, Wanted } from "./report/types.ts";
import { wantedOne } from "./report/wanted.ts";

const ROUNDS = 9;

/** The wanted figures: kB of the gate by brotli, and its delay of the first decision after the example. */
const MOST_KB = 34;
const MOST_LATER_MS = 2;

/** Milliseconds until the first decision of each worker, in the order of the rounds. */
type Times = Readonly<Record<Worker, number[]>>;

/**
 * Compares the bundles for the edge, and the time until the first decision there: in workerd from its
 * start, which a worker that does nothing needs as well, and in the edge runtime from zero.
 */
export async function benchEdge(): Promise<Report> {
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
      say(`round ${round} of ${ROUNDS}`);
      for (const { worker, workerd, edge } of bundles) {
        const ms = { workerd: await inWorkerd(workerd, store), edge: await inEdge(edge, store) };
        // The first round also loads the tools of the measurement.
        if (round === 0) continue;
        times.workerd[worker].push(ms.workerd);
        times.edge[worker].push(ms.edge);
      }
    }
    const rows = bundles.map(({ worker, workerd }) => rowOf(worker, workerd, times));
    return reportOf(rows, wantedOf(times));
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

/** Without a check of its headers, a gate that failed open would look quick. */
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

/**
 * Returns the wanted figures of a gate without opt-ins: its size, by the entry of `npm run check:size`, and its
 * delay after the example.
 */
function wantedOf(times: { workerd: Times; edge: Times }): Wanted[] {
  const later = times.workerd.headgate.map(
    (ms, i) => ms - (times.workerd.upstash[i] ?? Number.NaN),
  );
  return [
    wantedOne("the gate by brotli", "at most", MOST_KB, sizeOfGate() / 1000, "kB"),
    wantedOne(
      "first decision in workerd, later than the example's",
      "at most",
      MOST_LATER_MS,
      percentile(50, later),
      "ms",
    ),
  ];
}

/** Returns the bytes of the first entry that size-limit checks. */
function sizeOfGate(): number {
  const command = join(ROOT, "node_modules", "size-limit", "bin.js");
  // size-limit exits with 1 when an entry is too large, but still prints the sizes.
  const { stdout } = spawnSync(process.execPath, [command, "--json"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const [gate] = JSON.parse(stdout) as { readonly size: number }[];
  if (!gate) throw new Error("size-limit has no entry for the gate.");
  return gate.size;
}

function reportOf(rows: readonly ReturnType<typeof rowOf>[], wanted: readonly Wanted[]): Report {
  const kB = (bytes: number) => (bytes / 1000).toFixed(1);
  return {
    data: rows,
    wanted,
    tables: [
      {
        title: `The bundle, and the time to the first decision: in workerd from its start, in the edge runtime from nothing; medians of ${ROUNDS} rounds. "More" is than the worker that does nothing, in the same round.`,
        head: [
          "worker",
          "minified, kB",
          "gzip, kB",
          "brotli, kB",
          "workerd, ms",
          "more than nothing, ms",
          "edge runtime, ms",
          "more than nothing, ms",
        ],
        rows: rows.map((row) => [
          WORKERS[row.worker],
          kB(row.bytes),
          kB(row.gzip),
          kB(row.brotli),
          row.workerdMs.toFixed(0),
          row.workerdAddedMs.toFixed(1),
          row.edgeMs.toFixed(1),
          row.edgeAddedMs.toFixed(1),
        ]),
      },
    ],
  };
}
