import { join } from "node:path";
import { readEnvironment } from "#config/app-env";
import { HeadgateError, parseDuration, printError } from "headgate";
import { defineProgram, usageError } from "headgate/cli";
import { createScriptStore, keyNames, type ScriptStore } from "headgate/redis";
import { loadEnvFiles, namedStore, packageName, runningMode, runningStore } from "headgate/server";
import { namespaceOf, trimVariables } from "headgate/settings";
import { connectTcp } from "headgate/tcp";
import { dayOf, MAX_WAITING } from "#app/_domain/analytics/events";
import { createTotals, type Lengths, type Settled } from "#app/_domain/analytics/totals";
import { totalEvents } from "#app/_domain/analytics/worker";

const HELP = `Totals the events that POST /api/analytics/track received, by day and type. Each counts once.

    npm run analytics                  totals the waiting events, prints the totals, and ends
    npm run analytics -- --watch       keeps totalling new events until you stop it
    npm run analytics -- --set-aside   prints the events that could not be read, each with the reason

    --days 7                 how many days of totals are printed, 1 to 90
    --batch 200              how many events are totalled at once, 1 to 1000
    --abandoned "1 minute"   how long a worker may hold events before another worker totals them

The store is the app's: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL, from the
environment or from .env files. Without them it is the store of an npm start that runs in this folder.
Any number of workers may run at once, and each may be killed at any time: the totals stay exact.
`;

const DAY_MS = 24 * 3600 * 1000;
const PRINTED_EVERY_MS = 1000;

/** The longest bar, in characters. */
const BAR = 30;

const analytics = defineProgram({
  name: "npm run analytics --",
  help: HELP,
  args: {
    watch: { type: "boolean" },
    "set-aside": { type: "boolean" },
    days: { type: "string", default: "7" },
    batch: { type: "string", default: "200" },
    abandoned: { type: "string", default: "1 minute" },
  },
  run: (args) =>
    totalWith(args["set-aside"] === true, {
      days: count("days", args.days, 90),
      batch: count("batch", args.batch, 1000),
      abandonedMs: duration("abandoned", args.abandoned),
      watch: args.watch === true,
    }),
});

process.exitCode = await analytics(process.argv.slice(2));

interface Flags {
  readonly days: number;
  readonly batch: number;
  readonly abandonedMs: number;
  readonly watch: boolean;
}

async function totalWith(isForSetAside: boolean, flags: Flags): Promise<void> {
  const store = openStore(join(import.meta.dirname, "..", "..", ".."));
  try {
    const totals = createTotals({ redis: store.redis, keys: keyNames(store.namespace) });
    await (isForSetAside ? printSetAside(totals) : work(totals, flags));
  } finally {
    await store.close();
  }
}

type Totals = ReturnType<typeof createTotals>;

async function work(totals: Totals, { watch, batch, abandonedMs, days }: Flags): Promise<void> {
  const stop = new AbortController();
  // A second signal ends the process at once: another worker totals the events that it held.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const done = { counted: 0, setAside: 0 };
  let printedAt = 0;
  const worked = await totalEvents({
    totals,
    watch,
    batch,
    abandonedMs,
    signal: stop.signal,
    async onSettled(settled) {
      done.counted += settled.counted;
      done.setAside += settled.setAside;
      if (performance.now() - printedAt < PRINTED_EVERY_MS) return;
      printedAt = performance.now();
      console.error(`${describeWork(done)}, ${describeWaiting(await totals.lengths())}`);
    },
    onFailure: printError,
  });
  console.log(describeWork(worked));
  const lengths = await totals.lengths();
  if (lengths.waiting > 0) console.log(describeWaiting(lengths));
  await printTotals(totals, days);
}

function describeWork({ counted, setAside }: Settled): string {
  return `${inGroups(counted)} totalled, ${inGroups(setAside)} set aside`;
}

function describeWaiting({ waiting, taken }: Lengths): string {
  const text = `${inGroups(waiting)} waiting, ${inGroups(taken)} of them held by workers`;
  return waiting < MAX_WAITING * 0.9
    ? text
    : `${text}; beyond about ${inGroups(MAX_WAITING)} the oldest are removed: run more workers`;
}

async function printTotals(totals: Totals, days: number): Promise<void> {
  const all = Array.from({ length: days }, (_, i) => dayOf(Date.now() - (days - 1 - i) * DAY_MS));
  const found = await Promise.all(all.map(async (day) => [day, await totals.ofDay(day)] as const));
  const rows = found.flatMap(([day, counts]) =>
    Object.entries(counts)
      .toSorted(([, a], [, b]) => b - a)
      .map(([type, number]) => ({ day, type, number })),
  );
  if (rows.length === 0) {
    console.log(`no totals in the last ${days} days (UTC)`);
    return;
  }
  const most = Math.max(...rows.map(({ number }) => number));
  const wide = Math.max(...rows.map(({ type }) => type.length));
  const far = inGroups(most).length;
  for (const { day, type, number } of rows) {
    const bar = "█".repeat(Math.max(1, Math.round((number / most) * BAR)));
    console.log(`${day}  ${type.padEnd(wide)}  ${inGroups(number).padStart(far)}  ${bar}`);
  }
}

async function printSetAside(totals: Totals): Promise<void> {
  const entries = await totals.setAside(100);
  if (entries.length === 0) console.log("nothing is set aside");
  for (const { id, fields } of entries) console.log(`${id}  ${JSON.stringify(fields)}`);
}

interface OpenStore {
  readonly redis: ScriptStore;
  readonly namespace: string;
  close(): Promise<void>;
}

/** @throws {HeadgateError} STORE_NOT_FOUND, or ENV_INVALID */
function openStore(root: string): OpenStore {
  loadEnvFiles(root, process.env["NODE_ENV"] === "development" ? "development" : "production");
  const named = namedStore(process.env);
  const running = named ? undefined : runningStore(root);
  if (!named && !running) {
    throw new HeadgateError(
      "STORE_NOT_FOUND",
      "No store is configured, and no app runs in this folder. Start the app (npm start), or set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL.",
    );
  }
  const variables = running && {
    UPSTASH_REDIS_REST_URL: running.url,
    UPSTASH_REDIS_REST_TOKEN: running.token,
  };
  // This program counts no clients, so the variables that a production server must have for them are
  // not required.
  const env = readEnvironment({ ...process.env, ...variables, NODE_ENV: "development" });
  const { store, cluster } = env;
  const { name: namespace } = namespaceOf({
    HEADGATE_APP: packageName(root),
    NODE_ENV: runningMode(root, named),
    ...trimVariables(process.env),
  });
  if (named?.by !== "tcp") {
    return { redis: createScriptStore(store), namespace, close: async () => {} };
  }
  const { deadlineMs } = store;
  const direct = connectTcp({ redisUrl: named.address.href, cluster, deadlineMs });
  return { redis: direct.redis, namespace, close: () => direct.close() };
}

function count(name: string, text: string, most: number): number {
  const given = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (given >= 1 && given <= most) return given;
  throw usage(`--${name} must be a whole number from 1 to ${most}; it is ${JSON.stringify(text)}.`);
}

function duration(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1 && ms <= DAY_MS) return ms;
  throw usage(
    `--${name} must be a duration such as "1 minute", up to a day; it is ${JSON.stringify(text)}.`,
  );
}

function usage(why: string): HeadgateError {
  return usageError(why, HELP);
}

function inGroups(number: number): string {
  return number.toLocaleString("en-US");
}
