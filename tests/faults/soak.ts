import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { AUTH_SECRET } from "../support/sign.ts";
import { type DurableRedis, startDurableRedis } from "./durable-redis.ts";
import { createSender, mostWithin } from "./soak-requests.ts";

export interface SoakOptions {
  readonly seconds: number;
  /** Requests per second, over both instances. */
  readonly rate: number;
  /** Called with the progress. */
  readonly say: (line: string) => void;
  /** Ends the soak early, for example when a test takes too long. */
  readonly signal?: AbortSignal;
}

/** The measurements by which a soak is judged. */
export interface Soaked {
  readonly requests: number;
  /** How often each answer came, such as "search 429". */
  readonly answers: Readonly<Record<string, number>>;
  /** Responses of 500 or more that no rule and no handler's store call causes. */
  readonly wrong: number;
  /** How often Redis was killed, and how often it was stopped for a while. */
  readonly kills: number;
  readonly stops: number;
  /** The most searches of one client within a minute that the store allowed, and the bound. */
  readonly admitted: number;
  /** The most fetches of one client that were allowed, by the store or by an instance. */
  readonly admittedLocally: number;
  /** Resident memory of each instance after the first minute and at the end, in bytes. */
  readonly memory: readonly { readonly early: number; readonly late: number }[];
  /** Instances that ended, or printed an unhandled error. */
  readonly broken: readonly string[];
}

/** The policy's limits for a search and a fetch. */
export const SEARCHES_A_MINUTE = 10;
export const FETCHES_AN_HOUR = 5;
export const INSTANCES = 2;

const MINUTE_MS = 60_000;

/**
 * Serves the app by two instances over one Redis that is killed and stopped at random, and sends
 * requests at a steady rate.
 */
export async function soak(options: SoakOptions): Promise<Soaked> {
  await buildOnce(ROOT, options.say);
  const redis = await startDurableRedis();
  const apps: RunningApp[] = [];
  try {
    for (let i = 0; i < INSTANCES; i += 1) {
      const env = { REDIS_URL: redis.url, AUTH_SECRET, CLIENT_IP_FROM: "hops:1" };
      apps.push(await startApp({ ...env, HEADGATE_STORE_DEADLINE_MS: "500" }));
    }
    return await run(redis, apps, options);
  } finally {
    for (const app of apps) await app.stop();
    await redis.stop();
  }
}

async function run(
  redis: DurableRedis,
  apps: readonly RunningApp[],
  { seconds, rate, say, signal }: SoakOptions,
): Promise<Soaked> {
  const beganAt = performance.now();
  const since = () => performance.now() - beganAt;
  const { got, send } = createSender(apps);
  const early = apps.map((): number[] => []);
  const late = apps.map((): number[] => []);
  /** When the soak ends. It starts once a limit rejects, which takes long on a slow machine. Redis is up until then. */
  let endMs = Infinity;

  let disturbed = NOT_DISTURBED;
  let isDisturbed = true;
  function start(): void {
    endMs = since() + seconds * 1000;
    // A short soak disturbs Redis several times too.
    const calmMs = Math.min(8000, seconds * 125);
    disturbed = disturb(redis, calmMs, (times) => {
      if (signal?.aborted) return false;
      return since() < endMs - SETTLE_MS || times < LEAST_DISTURBANCES;
    });
    const end = () => void (isDisturbed = false);
    disturbed.then(end, end);
  }

  const inFlight = new Set<Promise<void>>();
  let saidAt = 0;
  const isOver = () => (endMs === Infinity ? since() > MINUTE_MS : since() > endMs && !isDisturbed);
  for (let round = 0; !isOver() && !signal?.aborted; round += 1) {
    if (endMs === Infinity && got.answers["search 429"] !== undefined) start();
    const sent = send(round);
    inFlight.add(sent);
    void sent.finally(() => inFlight.delete(sent));
    if (since() - saidAt >= 10_000) {
      saidAt = since();
      say(`${Math.round(saidAt / 1000)} of ${seconds} s, ${got.requests} requests`);
    }
    if (round % rate === 0) noteMemory();
    await pause(Math.max(0, beganAt + ((round + 1) * 1000) / rate - performance.now()));
  }
  await Promise.all(inFlight);
  const { kills, stops } = await disturbed;
  signal?.throwIfAborted();

  /** Measures around the first minute and at the end, because resident memory goes up and down. */
  function noteMemory(): void {
    for (const [i, app] of apps.entries()) {
      const bytes = residentBytes(app.pid);
      if (Math.abs(since() - MINUTE_MS) < 10_000) early[i]?.push(bytes);
      if (since() > endMs - 20_000) late[i]?.push(bytes);
    }
  }

  const { requests, answers, wrong, searches, fetches } = got;
  return {
    requests,
    answers,
    wrong,
    kills,
    stops,
    admitted: mostWithin(MINUTE_MS, searches),
    admittedLocally: Math.max(0, ...fetches.values()),
    memory: apps.map((_, i) => ({ early: median(early[i]), late: median(late[i]) })),
    broken: apps.flatMap((app, i) => faultsOf(app).map((fault) => `instance ${i + 1}: ${fault}`)),
  };
}

/** Redis is not disturbed at the end, so that the last measurement has no fault. */
const SETTLE_MS = 10_000;

const LEAST_DISTURBANCES = 2;
const NOT_DISTURBED = Promise.resolve({ kills: 0, stops: 0 });

/**
 * Kills Redis, or stops it for a while, again and again.
 *
 * @param calmMs the longest time between two of these, in milliseconds
 * @param isOn returns false to end it; gets how often Redis was disturbed
 */
async function disturb(redis: DurableRedis, calmMs: number, isOn: (times: number) => boolean) {
  let kills = 0;
  let stops = 0;
  await pause(2000);
  while (isOn(kills + stops)) {
    if (Math.random() < 0.5) {
      kills += 1;
      await redis.kill();
      await pause(200 + Math.random() * 2000);
      await redis.start();
    } else {
      stops += 1;
      redis.freeze();
      await pause(200 + Math.random() * 3000);
      redis.thaw();
    }
    await pause(2000 + Math.random() * (calmMs - 2000));
  }
  return { kills, stops };
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

function median(numbers: readonly number[] = []): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function faultsOf(app: RunningApp): string[] {
  const lines = app.output().split("\n");
  return lines.filter((line) =>
    /unhandled|uncaught|^\s*at |(?:Type|Reference|Range)Error/i.test(line),
  );
}
