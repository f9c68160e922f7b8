import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "#lib/server/find-program";

/** A real Redis for a test, on a free port of this machine. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Stops the replies, but not new connections, until `thaw` is called. */
  freeze(): void;
  thaw(): void;
  /** Stops the process. Further calls do nothing. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a Redis without persistence on a free port. It tries another port if a process took the first one.
 *
 * @param wanted a port, instead of a free one
 * @param variables for the environment of the process
 */
export async function startRedis(
  wanted?: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<TestRedis> {
  const program = findProgram("redis-server", "valkey-server");
  if (!program)
    throw new Error("The tests need redis-server: npm run test installs it where it may.");
  for (let attempt = 0; ; attempt += 1) {
    const port = wanted ?? (await freePort());
    const folder = mkdtempSync(join(tmpdir(), "headgate-redis-"));
    const child = spawn(
      program,
      ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
      { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...variables } },
    );
    running.add(child);
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      running.delete(child);
      rmSync(folder, { recursive: true, force: true });
    };
    if (await isReady(child)) {
      return {
        url: `redis://127.0.0.1:${port}`,
        port,
        freeze: () => void child.kill("SIGSTOP"),
        thaw: () => void child.kill("SIGCONT"),
        stop,
      };
    }
    await stop();
    if (attempt >= 5) throw new Error(`${program} did not start`);
  }
}

/** Resolves to true if a server logs that it accepts connections, and to false if it ends. */
export async function isReady(child: ChildProcess): Promise<boolean> {
  let log = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      if (/ready to accept connections/i.test(log)) resolve(true);
    });
    child.once("exit", () => resolve(false));
    child.once("error", reject);
  });
}

/** Returns a port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
