import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "#lib/server/find-program";
import { freePort, isReady } from "../support/redis.ts";

/** A Redis that keeps every write that it has answered, and can be killed and started again. */
export interface DurableRedis {
  readonly url: string;
  /** Ends it at once, like a crash. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Lets it accept connections without answering. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a Redis that writes each change to disk before it answers. */
export async function startDurableRedis(): Promise<DurableRedis> {
  const program = findProgram("redis-server", "valkey-server");
  if (!program)
    throw new Error(
      "This test needs redis-server, which npm test installs when it has permission.",
    );
  const folder = mkdtempSync(join(tmpdir(), "headgate-faults-"));
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  args.push("--save", "", "--appendonly", "yes", "--appendfsync", "always");
  let child: ChildProcess | undefined;

  const kill = async () => {
    if (!child) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    running.delete(child);
    child = undefined;
  };
  const start = async () => {
    child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    running.add(child);
    if (!(await isReady(child))) throw new Error(`${program} did not start on port ${port}`);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
