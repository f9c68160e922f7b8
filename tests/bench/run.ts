import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findProgram } from "#lib/cli/find-program";
import { ROOT } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { restCallsPerRequest } from "./count-calls.ts";
import { type Load, load } from "./load.ts";
import { buildVariant, startVariant, type Variant, VARIANTS } from "./variants.ts";

const HELP = `Compares, in one run on this machine, the same Next app with four middlewares:
  none      no middleware
  nothing   one that does nothing
  headgate  ours, with one rule
  upstash   the usual @upstash/ratelimit example

  npm run bench                            5 rounds of 5 s each, 16 connections
  npm run bench -- --rounds 9 --seconds 8 --connections 64

Needs wrk (Debian: apt-get install wrk). Writes .headgate/bench.json.
`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "16" },
    help: { type: "boolean" },
  },
});

const WHAT: Readonly<Record<Variant, string>> = {
  none: "no middleware",
  nothing: "do-nothing middleware",
  headgate: "Headgate, one rule",
  upstash: "@upstash/ratelimit example",
};

if (values.help) console.log(HELP);
else if (!findProgram("wrk")) {
  console.error("The benchmark needs wrk. On Debian or Ubuntu: sudo apt-get install wrk");
  process.exitCode = 1;
} else await bench(Number(values.rounds), Number(values.seconds), Number(values.connections));

async function bench(rounds: number, seconds: number, connections: number): Promise<void> {
  for (const variant of VARIANTS) {
    console.error(`building: ${WHAT[variant]} ...`);
    await buildVariant(variant);
  }
  const store = await startStore();
  try {
    const runs = await alternate(store, rounds, seconds, connections);
    const rows = [];
    for (const variant of VARIANTS) rows.push(await summarise(variant, runs, store));
    report(rows, { rounds, seconds, connections });
  } finally {
    await store.stop();
  }
}

type Runs = Record<Variant, Load[]>;

/** Round by round, so that what else the machine does falls on all alike. */
async function alternate(
  store: { url: string; token: string },
  rounds: number,
  seconds: number,
  connections: number,
): Promise<Runs> {
  const runs: Runs = { none: [], nothing: [], headgate: [], upstash: [] };
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
  const of = (field: keyof Load) => median(runs[variant].map((run) => run[field]));
  const ratios = runs[variant].map(
    (run, i) => run.requestsPerSecond / (runs.nothing[i]?.requestsPerSecond ?? NaN),
  );
  return {
    variant,
    requestsPerSecond: of("requestsPerSecond"),
    p50: of("p50"),
    p99: of("p99"),
    toNothing: median(ratios),
    restCalls: await restCallsPerRequest(variant, store),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

function report(rows: readonly Awaited<ReturnType<typeof summarise>>[], how: object): void {
  const versions = ["next", "@upstash/ratelimit", "@upstash/redis"].map((name) => {
    const file = join(ROOT, "node_modules", name, "package.json");
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    return `${name} ${version}`;
  });
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
  console.log(`\n${machine}; ${versions.join(", ")}; ${JSON.stringify(how)}; medians\n`);
  console.log(
    "| middleware | requests/s | to do-nothing | p50 ms | p99 ms | REST calls a request |",
  );
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const row of rows) {
    console.log(
      `| ${WHAT[row.variant]} | ${Math.round(row.requestsPerSecond)} | ${row.toNothing.toFixed(2)} | ${row.p50.toFixed(1)} | ${row.p99.toFixed(1)} | ${row.restCalls} |`,
    );
  }
  mkdirSync(join(ROOT, ".headgate"), { recursive: true });
  const file = join(ROOT, ".headgate", "bench.json");
  writeFileSync(file, `${JSON.stringify({ machine, versions, how, rows }, null, 2)}\n`);
}
