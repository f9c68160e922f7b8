import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { MiddlewareFigures } from "../pictures/middlewares.ts";
import { ROOT } from "../support/app.ts";
import { installPrograms } from "../support/install.ts";
import { benchBilled } from "./billed.ts";
import { benchDedup } from "./dedup.ts";
import { benchClientMemory } from "./client-memory.ts";
import { benchDelay } from "./delay.ts";
import { benchEdge } from "./edge.ts";
import { benchFleet } from "./fleet.ts";
import { benchGate } from "./gate.ts";
import { benchLargeReplies } from "./large-replies.ts";
import { benchLive } from "./live.ts";
import { benchLocks } from "./locks.ts";
import { benchMatching } from "./matching.ts";
import { benchMemory } from "./memory.ts";
import { benchMiddleware, figuresOf } from "./compare.ts";
import { benchProfile } from "./profile.ts";
import { benchProxy } from "./proxy.ts";
import { benchRedis } from "./redis.ts";
import { benchScripts } from "./scripts.ts";
import { benchStart } from "./start/bench.ts";
import { benchTools } from "./tools.ts";
import { benchWorkerd } from "./workerd.ts";

const HELP = `Measures Headgate on this machine, each thing beside what it is compared to.

  npm run bench                      everything, about half an hour
  npm run bench -- --only tools      one part of it

  middleware  the same Next app with no middleware, one that does nothing, ours without a matching rule,
              with one and three rules, optimistic and refused (as under our own server, and with
              each call alone), and the usual @upstash/ratelimit example; what each request costs
              the store; needs wrk (Debian: apt-get install wrk)
              --rounds 5 --seconds 3 --connections 1,16,64
  billed      REST calls, and the commands that Upstash bills, for a check, a lock and a dedup call
              of each kind, beside @upstash/ratelimit; no load, a few seconds
  delay       strict and optimistic while the store answers 0, 5, 20, 80 ms later; needs wrk
              --rounds 5 --seconds 3
  workerd     our gate with one rule under workerd, where calls are not joined, beside the plain
              @upstash/ratelimit example; needs wrk
              --rounds 5 --seconds 3 --connections 1,16,64
  profile     in which functions workerd is while it serves the two; needs wrk
  edge        what is sent to the edge, and the time to the first decision in workerd and in the edge
              runtime, beside the same
  tools       a limit check, a dedup check, a lock taken and given back or refused, one after the
              other and by 20 callers at once, beside a PING on the same way
              --calls 2000
  dedup       claim beside a bare SET NX, claimMany beside a pipeline, an idempotent handler beside
              a bare one, at 1, 5, 20 and 50 callers, and bytes a key
              --calls 2000
  locks       a lock taken and given back beside @upstash/lock by REST, and beside redlock-universal
              and redis-semaphore by TCP, at 1, 5, 20 and 50 callers; and twenty who want one lock
              --calls 2000
  gate        the processor's time of a checked request over a store that answers at once, beside the
              same request and response without a gate
  live        an address against 10,000 blocked networks, and a checked request of a gate that follows
              what is set while the app runs, beside one that does not
  matching    finding a request's rules among 10, 100 and 1,000, beside a linear scan by URLPattern and
              by path-to-regexp
  fleet       1 to 100 instances that admit before they ask, 1 to 200 ms from the store: how much more
              than the limit was counted, beside the bound; on a timeline, not a clock
  redis       Redis's processor time, billed commands and bytes of each algorithm beside
              @upstash/ratelimit's same one, and what is wanted; two minutes
  scripts     what a decision costs Redis, for each algorithm and number of limits, beside
              @upstash/ratelimit and rate-limiter-flexible on the same Redis
  clients     what a million clients take in Redis, beside the same two
              --clients 1000000
  replies     the memory of a gateway that is asked for large replies, and how long small requests
              wait meanwhile; on Linux
  memory      what the seed's volumes take in Redis
  proxy       the sample with proxy.ts, its store by REST and by TCP, at 1 and 16 connections; needs wrk
              --rounds 5 --seconds 3
  start       from npm install to the first 429 in a fresh app of create-next-app, beside the plain
              example of @upstash/ratelimit; needs the npm registry
              --rounds 5

The tables are printed, and written to .headgate/bench.json; with --save the figures of middleware are
kept for the docs' picture too, which npm run pictures draws. A figure that is not met is printed as
not met; the command fails only where something could not be measured.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "1,16,64" },
    calls: { type: "string", default: "2000" },
    clients: { type: "string", default: "1000000" },
    save: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});

const PARTS = {
  middleware: async (on: { machine: string; versions: string[] }) => {
    const measured = await benchMiddleware({
      rounds: count("rounds"),
      seconds: count("seconds"),
      connections: counts("connections"),
    });
    if (values.save) save({ ...on, commit: commit(), rows: figuresOf(measured.rows) });
    return measured;
  },
  billed: benchBilled,
  delay: () => benchDelay({ rounds: count("rounds"), seconds: count("seconds") }),
  workerd: () =>
    benchWorkerd({
      rounds: count("rounds"),
      seconds: count("seconds"),
      connections: counts("connections"),
    }),
  profile: benchProfile,
  edge: benchEdge,
  tools: () => benchTools(count("calls")),
  dedup: () => benchDedup(count("calls")),
  locks: () => benchLocks(count("calls")),
  gate: benchGate,
  live: benchLive,
  matching: benchMatching,
  fleet: benchFleet,
  redis: benchRedis,
  scripts: benchScripts,
  clients: () => benchClientMemory(count("clients")),
  replies: benchLargeReplies,
  memory: benchMemory,
  proxy: () => benchProxy({ rounds: count("rounds"), seconds: count("seconds") }),
  start: () => benchStart({ rounds: count("rounds") }),
};

const chosen = Object.entries(PARTS).filter(([name]) => !values.only || name === values.only);

if (values.help) console.log(HELP);
else if (chosen.length === 0) {
  console.error(`--only is "${values.only}"; allowed: ${Object.keys(PARTS).join(", ")}.`);
  process.exitCode = 2;
} else await bench();

async function bench(): Promise<void> {
  await installPrograms();
  const on = { machine: machine(), versions: versions() };
  console.log(`${on.machine}; ${on.versions.join(", ")}`);
  const found: Record<string, unknown> = {};
  for (const [name, measure] of chosen) found[name] = await measure(on);
  mkdirSync(join(ROOT, ".headgate"), { recursive: true });
  const file = join(ROOT, ".headgate", "bench.json");
  writeFileSync(file, `${JSON.stringify({ ...on, ...found }, null, 2)}\n`);
}

function save(figures: MiddlewareFigures): void {
  const file = join(ROOT, "docs", "pictures", "middlewares.json");
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
    cwd: ROOT,
    encoding: "utf8",
  }).trim();
}

function count(option: "rounds" | "seconds" | "calls" | "clients"): number {
  return wholeNumber(option, values[option]);
}

function counts(option: "connections"): number[] {
  return values[option].split(",").map((given) => wholeNumber(option, given));
}

function wholeNumber(option: string, given: string): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`--${option} is "${given}"; allowed: a whole number from 1.`);
}

function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`;
}

function versions(): string[] {
  return ["next", "@upstash/ratelimit", "@upstash/redis"].map((name) => {
    const file = join(ROOT, "node_modules", name, "package.json");
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    return `${name} ${version}`;
  });
}
