import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { LAYOUT } from "../../package/new-app.ts";
import { createNextApp } from "../../package/next-case.ts";
import { runCommand } from "../../package/run-command.ts";
import { openWorld, type World, write } from "../../package/world.ts";
import { startProgram } from "../../support/app.ts";
import { percentile } from "../numbers.ts";
import { type Way, waysWith } from "./ways.ts";
import { say } from "../report/progress.ts";
import type { Report } from "../report/types.ts";

/** The existing handlers of the app, and a layout without fonts from the internet. */
const HAD = {
  "app/layout.tsx": LAYOUT,
  "app/api/hello/route.ts": "export const GET = () => Response.json({ hello: true });\n",
  "app/api/login/route.ts": "export const POST = () => Response.json({ ada: true });\n",
};

/** npm's list of the packages in node_modules. */
const LIST = ".package-lock.json";

/** The result of one run of a way. */
interface Start {
  /** Milliseconds of `npm install`. */
  readonly install: number;
  /** Milliseconds of `headgate init`. */
  readonly prepare: number;
  /** Milliseconds from the start of the development server to the first 429. */
  readonly serve: number;
  /** The number of packages that were added to node_modules. */
  readonly packages: number;
}

/**
 * Measures the time from `npm install` to the first 429 in a fresh app of create-next-app with installed
 * packages, compared to the plain example of @upstash/ratelimit. Handwritten files exist at once, so only
 * the time of the machine is measured.
 */
export async function benchStart({ rounds }: { readonly rounds: number }): Promise<Report> {
  const world = await openWorld();
  try {
    const fresh = await createNextApp(world.newFolder("start"), 16, false, say);
    write(fresh, HAD);
    await runCommand(fresh, "npm", ["install", "--no-audit", "--no-fund"]);
    const store = await world.store();
    const redis = new Redis(store.redis.url);
    const ways = waysWith(world.tarball, store);
    const starts: Readonly<Record<string, Start[]>> = Object.fromEntries(
      ways.map(({ name }) => [name, []]),
    );
    for (let round = 0; round <= rounds; round += 1) {
      for (const way of rotated(ways, round)) {
        await redis.flushall();
        say(`round ${round} of ${rounds}, ${way.name}`);
        const start = await measure(way, copyOf(fresh, world, `${round}-${ways.indexOf(way)}`));
        // The first round also fills npm's cache.
        if (round > 0) starts[way.name]?.push(start);
      }
    }
    redis.disconnect();
    const rows = ways.map((way) => rowOf(way, starts[way.name] ?? []));
    return reportOf(rows);
  } finally {
    await world.end();
  }
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  return list.map((_, i) => list[(i + by) % list.length] as T);
}

/** Copies the fresh app. Its packages are hard links, except their list, which npm changes in place. */
function copyOf(fresh: string, { newFolder }: World, name: string): string {
  const copy = join(newFolder("copies"), name);
  const files = readdirSync(fresh, { withFileTypes: true }).filter((it) => it.isFile());
  execFileSync("cp", ["-al", fresh, copy]);
  for (const file of [...files.map(({ name: own }) => own), join("node_modules", LIST)]) {
    rmSync(join(copy, file));
    copyFileSync(join(fresh, file), join(copy, file));
  }
  return copy;
}

async function measure(way: Way, app: string): Promise<Start> {
  const { packages, files, prepare, serve } = way;
  const before = installedIn(app);
  const began = performance.now();
  await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", ...packages]);
  const install = performance.now() - began;
  write(app, files);
  const prepared = performance.now();
  if (prepare) await runCommand(app, "node", prepare);
  const started = performance.now();
  const server = await startProgram(serve, { PORT: "0", NODE_ENV: "development" }, app);
  try {
    await untilDenied(server.url, way);
    const denied = performance.now();
    return {
      install,
      prepare: started - prepared,
      serve: denied - started,
      packages: installedIn(app) - before,
    };
  } finally {
    await server.stop();
  }
}

/** Returns the number of packages that npm installed in a folder. */
function installedIn(app: string): number {
  const lock = readFileSync(join(app, "node_modules", LIST), "utf8");
  const { packages } = JSON.parse(lock) as { readonly packages: object };
  return Object.keys(packages).length;
}

/** Five or ten requests a minute are allowed, and a few more when an approximate window ends between them. */
const MOST_SENT = 12;

async function untilDenied(url: string, { asks: { method, path } }: Way): Promise<void> {
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429 && statuses.length < MOST_SENT) {
    statuses.push((await fetch(url + path, { method })).status);
  }
  if (!/^(?:200,){5,}429$/.test(statuses.join())) throw new Error(`${path}: ${statuses.join()}`);
}

function rowOf({ name, files, variables, accounts }: Way, starts: readonly Start[]) {
  const seconds = (of: (start: Start) => number) => percentile(50, starts.map(of)) / 1000;
  const written = Object.values(files).join("\n").split("\n");
  return {
    name,
    seconds: seconds(({ install, prepare, serve }) => install + prepare + serve),
    install: seconds(({ install }) => install),
    prepare: seconds(({ prepare }) => prepare),
    serve: seconds(({ serve }) => serve),
    files: Object.keys(files).length,
    lines: written.filter((line) => line.trim() !== "").length,
    variables,
    accounts,
    packages: starts[0]?.packages ?? Number.NaN,
  };
}

type Row = ReturnType<typeof rowOf>;

function reportOf(rows: readonly Row[]): Report {
  const example = rows.at(-1);
  const line = (what: string, of: (row: Row) => string | number) => [what, ...rows.map(of)];
  const ratio = ({ seconds }: Row) => (seconds / (example?.seconds ?? Number.NaN)).toFixed(2);
  return {
    data: rows,
    wanted: [],
    figures: Object.fromEntries(
      ["init", "next", "headgate", "upstash"].flatMap((name, i) => {
        const row = rows[i];
        if (!row) return [];
        return [
          [name, row.seconds.toFixed(1)],
          [`${name}.ratio`, ratio(row)],
        ];
      }),
    ),
    tables: [
      {
        title: "Medians of the rounds, after one that fills npm's cache:",
        head: ["from npm install to the first 429", ...rows.map(({ name }) => name)],
        rows: [
          line("seconds", ({ seconds }) => seconds.toFixed(1)),
          line("to the example", ratio),
          line("of them npm install", ({ install }) => install.toFixed(1)),
          line("of them headgate init", ({ prepare }) => prepare.toFixed(1)),
          line("of them from the start of the server", ({ serve }) => serve.toFixed(1)),
          line("files by hand", ({ files }) => files),
          line("lines by hand", ({ lines }) => lines),
          line("variables to set", ({ variables }) => variables),
          line("accounts to make", ({ accounts }) => accounts),
          line("packages added", ({ packages }) => packages),
        ],
      },
    ],
  };
}
