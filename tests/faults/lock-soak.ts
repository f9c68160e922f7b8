import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { TestStore } from "../support/gateway.ts";
import { makeTools } from "../support/tools.ts";

export interface SectionsOptions {
  /** How many critical sections are entered. */
  readonly sections: number;
  readonly processes: number;
  /** How many workers each process has. */
  readonly workers: number;
  /** Ends the workers early, for example when a test takes too long. */
  readonly signal?: AbortSignal;
}

/** The counts that stopped and killed workers left. */
export interface Sections {
  readonly entered: number;
  readonly stops: number;
  readonly kills: number;
  /** Writes with a fence that came after one with a larger fence. */
  readonly overwritten: number;
  /** The same writes without a guard, which show why fencing is needed. */
  readonly overwrittenPlain: number;
}

const TTL_MS = 300;

/**
 * Lets workers in several processes take turns at one lock, while processes are stopped beyond its TTL,
 * or killed, in the middle of a section.
 */
export async function takeTurns(store: TestStore, options: SectionsOptions): Promise<Sections> {
  const { redis, keys, namespace } = makeTools(store);
  const entered = async () => Number((await redis.get(keys.grouped("soak", "done", "count"))) ?? 0);
  const seen = { stops: 0, kills: 0 };
  let isOn = true;

  async function live(): Promise<void> {
    let child = start(store, namespace, options.workers);
    try {
      while (isOn) {
        await Promise.race([enters(child), pause(2000)]);
        await pause(Math.random() * 1000);
        if (!isOn) break;
        if (Math.random() < 0.3) {
          seen.kills += 1;
          await kill(child);
          child = start(store, namespace, options.workers);
        } else {
          // The process is stopped within a section, if possible, so that its write comes too late.
          await Promise.race([enters(child), pause(500)]);
          seen.stops += 1;
          child.kill("SIGSTOP");
          await pause(TTL_MS * 2);
          child.kill("SIGCONT");
        }
      }
    } finally {
      await kill(child);
    }
  }

  const lives = Array.from({ length: options.processes }, live);
  try {
    while ((await entered()) < options.sections) {
      options.signal?.throwIfAborted();
      await pause(100);
    }
  } finally {
    isOn = false;
    await Promise.all(lives);
  }
  const log = async (kind: string) =>
    (await redis.lrange(keys.grouped("soak", kind, "log"), 0, -1)).map(Number);
  return {
    entered: await entered(),
    ...seen,
    overwritten: decreases(await log("fenced")),
    overwrittenPlain: decreases(await log("plain")),
  };
}

function decreases(fences: readonly number[]): number {
  return fences.filter((fence, at) => fence < (fences[at - 1] ?? 0)).length;
}

const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

function start({ url, token }: TestStore, namespace: string, workers: number): ChildProcess {
  const file = join(import.meta.dirname, "lock-worker.ts");
  const args = ["--url", url, "--token", token, "--namespace", namespace];
  const more = ["--workers", String(workers), "--ttl", String(TTL_MS)];
  const child = spawn(process.execPath, [file, ...args, ...more], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** Waits until a worker of the process is in a section. */
async function enters(child: ChildProcess): Promise<void> {
  if (child.stdout) await once(child.stdout, "data");
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
