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

const HELP = `Totals the events that POST /api/analytics/track took, by day and type: each once.

  npm run analytics                  totals what waits, prints the totals, and ends
  npm run analytics -- --watch       goes on as events come, until it is told to stop
  npm run analytics -- --set-aside   prints the events that could not be read, each with the reason

  --days 7                 of how many days the totals are printed, 1 to 90
  --batch 200              how many events are taken at once, 1 to 1000
  --abandoned "1 minute"   after it, what a worker took and did not settle is taken by another

The store is the app's: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL, in the
environment or in .env files; without them that of the npm start that runs here. Any number of
workers may run at once, and any of them may be killed at any time: the totals stay exact.
`;

const DAY_MS = 24 * 3600 * 1000;
const SAID_EVERY_MS = 1000;

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
  // A second signal ends it at once: what it has taken is then taken by another.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const done = { counted: 0, setAside: 0 };
  let saidAt = 0;
  const worked = await totalEvents({
    totals,
    watch,
    batch,
    abandonedMs,
    signal: stop.signal,
    async onSettled(settled) {
      done.counted += settled.counted;
      done.setAside += settled.setAside;
      if (performance.now() - saidAt < SAID_EVERY_MS) return;
      saidAt = performance.now();
      console.error(`${sayWorked(done)}, ${sayWaiting(await totals.lengths())}`);
    },
    onFailure: printError,
  });
  console.log(sayWorked(worked));
  const lengths = await totals.lengths();
  if (lengths.waiting > 0) console.log(sayWaiting(lengths));
  await printTotals(totals, days);
}

function sayWorked({ counted, setAside }: Settled): string {
  return `${inGroups(counted)} totalled, ${inGroups(setAside)} set aside`;
}

function sayWaiting({ waiting, taken }: Lengths): string {
  const said = `${inGroups(waiting)} waiting, of which workers have ${inGroups(taken)}`;
  return waiting < MAX_WAITING * 0.9
    ? said
    : `${said}; beyond about ${inGroups(MAX_WAITING)} the oldest are lost: run more workers`;
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
      "No store is named, and no app runs here. Start one (npm start), or set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL.",
    );
  }
  const variables = running && {
    UPSTASH_REDIS_REST_URL: running.url,
    UPSTASH_REDIS_REST_TOKEN: running.token,
  };
  // No client is named here, so that what a server must know of them need not be said.
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
  throw usage(`--${name} is ${JSON.stringify(text)}; allowed: a whole number from 1 to ${most}.`);
}

function duration(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1 && ms <= DAY_MS) return ms;
  throw usage(
    `--${name} is ${JSON.stringify(text)}; allowed: a length such as "1 minute", up to a day.`,
  );
}

function usage(why: string): HeadgateError {
  return usageError(why, HELP);
}

function inGroups(number: number): string {
  return number.toLocaleString("en-US");
}
