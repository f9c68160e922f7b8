import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { dayOf } from "#app/_domain/analytics/events";
import { createTotals } from "#app/_domain/analytics/totals";
import { track } from "#app/_domain/analytics/track";
import { totalEvents } from "#app/_domain/analytics/worker";
import { ROOT } from "../support/app.ts";
import type { TestStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { makeTools } from "../support/tools.ts";

/** How many claims each key has, all at once. */
export const CLAIMS_A_KEY = 10;

/** Claims each key ten times at once, on two instances, and returns how many claims were first. */
export async function claimAtOnce(store: TestStore, keys: number): Promise<number> {
  const one = makeTools(store);
  const instances = [one.dedup, one.again().dedup];
  let firsts = 0;
  for (let key = 0; key < keys; key += 10) {
    // Ten keys at a time keep a hundred calls in flight.
    const claims = Array.from({ length: 10 * CLAIMS_A_KEY }, async (_, i) => {
      const claim = await instances[i % 2]?.claim(`event ${key + (i % 10)}`, { window: 600 });
      if (claim?.state === "first") firsts += 1;
    });
    await Promise.all(claims);
  }
  return firsts;
}

/** The fate of a handler: "hung" may take longer than its lease, "died" never ends. */
const FATES = ["did", "failed", "hung", "died"] as const;
type Fate = (typeof FATES)[number];

/** The counts that handlers left, and how often each fate happened. */
export interface Handled extends Readonly<Record<Fate, number>> {
  /** Events that were not counted exactly once. */
  readonly wrong: number;
}

const LEASE_SECONDS = 0.3;
const AT_ONCE = 60;

/**
 * Handles events on two instances, which are sent again until they are done. Three of four handlers
 * fail, take longer than their lease, or never end.
 */
export async function handleAtRandom(store: TestStore, events: number): Promise<Handled> {
  const one = makeTools(store);
  const instances = [one.dedup, one.again().dedup];
  const counts = one.keys.grouped("soak", "handled", "all");
  const seen = { did: 0, failed: 0, hung: 0, died: 0 };

  const finishing: Promise<unknown>[] = [];

  async function handle(fate: Fate): Promise<void> {
    seen[fate] += 1;
    if (fate === "failed") throw new Error("It failed.");
    if (fate === "hung") await pause(LEASE_SECONDS * 1000 * (0.5 + Math.random()));
    if (fate === "died") await new Promise(() => {});
  }

  /** Sends an event like a queue: to either instance, again and again until an instance reports it done. */
  async function send(event: string): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const fate = FATES[Math.floor(Math.random() * FATES.length)] ?? "did";
      const instance = instances[attempt % 2] ?? one.dedup;
      const options = {
        lease: LEASE_SECONDS,
        // The claim is never renewed, so that a handler that hung or died loses it.
        maxHold: LEASE_SECONDS,
        window: 600,
        effect: () => ({ counters: [{ key: counts, field: event, keep: 600 }] }),
      };
      const attempted = instance
        .once(event, options, () => handle(fate))
        .catch(() => ({ ran: false, reason: "failed" }) as const);
      if (fate !== "died") finishing.push(attempted);
      const outcome = await Promise.race([attempted, pause(LEASE_SECONDS * 1000)]);
      if (outcome?.ran ? outcome.isCommitted : outcome?.reason === "duplicate") return;
    }
  }

  const queue = Array.from({ length: events }, (_, i) => `event ${i}`);
  const take = async () => {
    for (let event = queue.pop(); event !== undefined; event = queue.pop()) await send(event);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  // Handlers that hung may be about to commit.
  await Promise.all(finishing);
  const counted = (await one.redis.hgetall<Record<string, number>>(counts)) ?? {};
  const all = Array.from({ length: events }, (_, i) => counted[`event ${i}`]);
  return { ...seen, wrong: all.filter((count) => count !== 1).length };
}

/** The counts that killed workers left. */
export interface Totalled {
  readonly kills: number;
  /** Events that the app received, and those in the totals. */
  readonly taken: number;
  readonly totalled: number;
}

const WORKERS = 4;

/** Counts events, and totals them with four workers that are killed at random. */
export async function killWorkers(store: TestStore, kills: number): Promise<Totalled> {
  const tools = makeTools(store);
  const day = dayOf(Date.now());
  const totals = createTotals(tools);
  let [taken, killed, isOn] = [0, 0, true];

  async function produce(): Promise<void> {
    for (let round = 0; isOn; round += 1) {
      const event = { type: "profile_view", artistId: "a", sessionId: `${round}` };
      const { tracked } = await track(tools, event, () => Date.parse(`${day}T12:00:00Z`));
      if (tracked) taken += 1;
      await pause(2);
    }
  }

  async function workAndDie(): Promise<void> {
    while (killed < kills) {
      killed += 1;
      const worker = startWorker(store, tools.namespace);
      // A worker that has printed its progress has started, and may die at any point after that.
      await Promise.race([once(worker.stderr ?? worker, "data"), once(worker, "exit")]);
      await pause(Math.random() * 300);
      worker.kill("SIGKILL");
      if (worker.exitCode === null && worker.signalCode === null) await once(worker, "exit");
    }
  }

  const producing = produce();
  await Promise.all(Array.from({ length: WORKERS }, workAndDie));
  isOn = false;
  await producing;
  const working = { totals, watch: false, signal: new AbortController().signal, abandonedMs: 1 };
  while ((await totals.lengths()).waiting > 0) await totalEvents(working);
  return { kills: killed, taken, totalled: (await totals.ofDay(day))["profile_view"] ?? 0 };
}

const workers = new Set<ChildProcess>();
process.once("exit", () => {
  for (const worker of workers) worker.kill("SIGKILL");
});

/** Batches are small, so that a worker is killed within one more often. */
function startWorker(store: TestStore, namespace: string): ChildProcess {
  const args = [
    "app/_domain/analytics/totals.command.ts",
    "--watch",
    "--batch",
    "5",
    "--abandoned",
    "100 ms",
  ];
  const worker = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      ...MACHINE,
      NODE_ENV: "production",
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      HEADGATE_NAMESPACE: namespace,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  workers.add(worker);
  worker.once("exit", () => workers.delete(worker));
  return worker;
}
