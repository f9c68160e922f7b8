import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findProgram } from "#lib/server/find-program";
import { isReady } from "../redis.ts";

/** A node of a test's cluster. */
export interface TestNode {
  readonly id: string;
  readonly port: number;
  /** A connection to this node, which follows no redirections. */
  readonly direct: Redis;
  /** Kills the process like a crash. */
  kill(): Promise<void>;
}

/** A node with the methods that form and stop the cluster. */
export interface RunningNode extends TestNode {
  readonly busPort: number;
  isAlive(): boolean;
  stop(): Promise<void>;
}

/**
 * How long a node may be silent before the others consider it dead, in milliseconds. A short time makes a
 * replica take over soon. A long time does not mistake a busy machine for a crash.
 */
export const NODE_TIMEOUT_MS = { short: 1_000, long: 5_000 };

const running = new Map<ChildProcess, string>();
process.once("exit", () => {
  for (const [child, folder] of running) {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Starts a node without persistence, which is in no cluster yet. */
export async function startNode(): Promise<RunningNode> {
  const program = findProgram("redis-server", "valkey-server");
  if (!program)
    throw new Error("The tests need redis-server: npm run test installs it where it may.");
  for (let attempt = 0; ; attempt += 1) {
    const [port, busPort] = await freePorts();
    const folder = mkdtempSync(join(tmpdir(), "headgate-cluster-"));
    const child = spawn(program, settings(port, busPort, folder), {
      stdio: ["ignore", "pipe", "ignore"],
    });
    running.set(child, folder);
    const isAlive = () => child.exitCode === null && child.signalCode === null;
    const kill = async () => {
      if (!isAlive()) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    };
    const remove = async () => {
      await kill();
      running.delete(child);
      rmSync(folder, { recursive: true, force: true });
    };
    if (await isReady(child)) {
      const direct = new Redis({ port, host: "127.0.0.1", retryStrategy: () => null });
      direct.on("error", () => {});
      const id = (await direct.call("CLUSTER", "MYID")) as string;
      const stop = async () => {
        direct.disconnect();
        await remove();
      };
      return { id, port, busPort, direct, isAlive, kill, stop };
    }
    await remove();
    if (attempt >= 5) throw new Error(`${program} did not start`);
  }
}

function settings(port: number, busPort: number, folder: string): string[] {
  const options = {
    port,
    "cluster-port": busPort,
    bind: "127.0.0.1",
    dir: folder,
    save: "",
    "cluster-enabled": "yes",
    "cluster-node-timeout": NODE_TIMEOUT_MS.short,
    "repl-diskless-sync-delay": 0,
    "repl-ping-replica-period": 1,
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** Sets how long a node may be silent, on each living node. */
export async function setNodeTimeout(nodes: readonly RunningNode[], ms: number): Promise<void> {
  const living = nodes.filter((node) => node.isAlive());
  await Promise.all(
    living.map(({ direct }) => direct.config("SET", "cluster-node-timeout", String(ms))),
  );
}

/** A port for clients and one for the cluster bus, whose default is 10000 higher and often too high. */
async function freePorts(): Promise<[number, number]> {
  const probes = [createServer(), createServer()] as const;
  for (const probe of probes) {
    probe.listen(0, "127.0.0.1");
    await once(probe, "listening");
  }
  const ports = probes.map((probe) => {
    const address = probe.address();
    return typeof address === "object" && address ? address.port : 0;
  });
  for (const probe of probes) {
    probe.close();
    await once(probe, "close");
  }
  return [ports[0] ?? 0, ports[1] ?? 0];
}
