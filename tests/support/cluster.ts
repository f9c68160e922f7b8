import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findProgram } from "#lib/server/find-program";
import { startGateway } from "#lib/gateway/server";
import { isReady } from "./redis.ts";

/** A node of a test's cluster. */
export interface TestNode {
  readonly id: string;
  readonly port: number;
  /** A connection to this node, which follows no redirections. */
  readonly direct: Redis;
  /** Kills the process like a crash. */
  kill(): Promise<void>;
}

/** A real Redis Cluster for a test, without persistence: three masters with a replica each. */
export interface TestCluster {
  /** The address of a master, which leads to the others. */
  readonly url: string;
  /** All six nodes, the initial masters first. */
  readonly nodes: readonly TestNode[];
  /** Returns the master of a key's slot, according to the first living node. */
  masterOf(key: string): Promise<TestNode>;
  /** Returns a replica of a master, according to the first living node. */
  replicaOf(master: TestNode): Promise<TestNode>;
  /** Returns three keys of the three initial masters. Each key begins with the name. */
  keysApart(name: string): [string, string, string];
  /** Runs a command such as FLUSHALL on every master, once all nodes agree on the masters. */
  onMasters(name: string, ...args: string[]): Promise<void>;
  /** Makes a replica replace a dead master within about three seconds. */
  failOverSoon(): Promise<void>;
  /** Stops every process and removes its folder. Further calls do nothing. */
  stop(): Promise<void>;
}

/** A real Redis Cluster behind our gateway. */
export interface TestClusterStore {
  readonly url: string;
  readonly token: string;
  readonly cluster: TestCluster;
  stop(): Promise<void>;
}

/** Starts a cluster and its gateway. The token is not a secret. */
export async function startClusterStore(): Promise<TestClusterStore> {
  const cluster = await startCluster();
  const token = "a-token-of-the-tests";
  try {
    const gateway = await startGateway({ redisUrl: cluster.url, cluster: true, token });
    return {
      url: gateway.url,
      token,
      cluster,
      async stop() {
        await gateway.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/**
 * How long a node may be silent before the others consider it dead, in milliseconds. A short time makes a
 * replica take over soon. A long time does not mistake a busy machine for a crash.
 */
const NODE_TIMEOUT_MS = { short: 1_000, long: 5_000 };

const MASTERS = 3;
const SLOTS = 16_384;

/** Starts six nodes and forms the cluster. Resolves when every node serves and every replica follows. */
export async function startCluster(): Promise<TestCluster> {
  const nodes: RunningNode[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const started = await Promise.allSettled(Array.from({ length: MASTERS * 2 }, startNode));
    for (const node of started) if (node.status === "fulfilled") nodes.push(node.value);
    for (const node of started) if (node.status === "rejected") throw node.reason;
    await form(nodes);
    await setNodeTimeout(nodes, NODE_TIMEOUT_MS.long);
  } catch (error) {
    await stop();
    throw error;
  }

  const seen = async () => {
    const living = nodes.find((node) => node.isAlive());
    return living ? await topology(living.direct) : [];
  };
  const agreed = async () => {
    const living = nodes.filter((node) => node.isAlive());
    const views = await Promise.all(living.map(({ direct }) => topology(direct)));
    const told = views.map((view) =>
      view
        .map(({ text }) => text)
        .toSorted()
        .join("\n"),
    );
    return new Set(told).size === 1;
  };
  const nodeWith = (id: string | undefined) => {
    const node = nodes.find((node) => node.id === id);
    if (!node) throw new Error("The cluster has no such node now.");
    return node;
  };
  return {
    url: `redis://127.0.0.1:${nodes[0]?.port}`,
    nodes,
    stop,
    async masterOf(key) {
      const slot = await slotOf(key, nodes);
      const master = (await seen()).find(({ holds }) => holds(slot));
      return nodeWith(master?.id);
    },
    async replicaOf({ id }) {
      const replica = (await seen()).find(({ master }) => master === id);
      return nodeWith(replica?.id);
    },
    keysApart: (name) => [`${name}:{${TAGS[0]}}`, `${name}:{${TAGS[1]}}`, `${name}:{${TAGS[2]}}`],
    async onMasters(name, ...args) {
      await until(agreed);
      const masters = (await seen()).filter(({ master }) => master === undefined);
      const living = masters.map(({ id }) => nodeWith(id)).filter((node) => node.isAlive());
      await Promise.all(living.map(({ direct }) => direct.call(name, ...args)));
    },
    failOverSoon: () => setNodeTimeout(nodes, NODE_TIMEOUT_MS.short),
  };
}

/** Hash tags whose slots 3300, 7365 and 15495 belong to the first, second and third master. */
const TAGS = ["b", "c", "a"] as const;

interface RunningNode extends TestNode {
  readonly busPort: number;
  isAlive(): boolean;
  stop(): Promise<void>;
}

const running = new Map<ChildProcess, string>();
process.once("exit", () => {
  for (const [child, folder] of running) {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

async function startNode(): Promise<RunningNode> {
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

async function setNodeTimeout(nodes: readonly RunningNode[], ms: number): Promise<void> {
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

/**
 * Forms the cluster. A node that starts as a master accepts no writes for two seconds, and a promoted replica
 * accepts them at once. The masters therefore begin as replicas of their later replicas.
 */
async function form(nodes: readonly RunningNode[]): Promise<void> {
  await Promise.all(
    nodes.map(({ direct }, index) => direct.call("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1))),
  );
  const pairs = nodes.slice(0, MASTERS).map((master, index) => {
    const replica = nodes[MASTERS + index] ?? master;
    return { master, replica, from: share(index), to: share(index + 1) - 1 };
  });
  await Promise.all(
    pairs.map(({ replica: { direct }, from, to }) =>
      direct.call("CLUSTER", "ADDSLOTSRANGE", String(from), String(to)),
    ),
  );
  // Each node meets all others, because gossip would announce the rest some rounds later.
  await Promise.all(
    nodes.flatMap(({ direct }, index) =>
      nodes
        .slice(index + 1)
        .map(({ port, busPort }) =>
          direct.call("CLUSTER", "MEET", "127.0.0.1", String(port), String(busPort)),
        ),
    ),
  );
  await Promise.all(
    pairs.map(async ({ master: { direct }, replica }) => {
      await until(async () => (await topology(direct)).some(({ id }) => id === replica.id));
      await direct.call("CLUSTER", "REPLICATE", replica.id);
      await until(() => isServing(direct));
    }),
  );
  for (const { master } of pairs) await master.direct.call("CLUSTER", "FAILOVER", "TAKEOVER");
  // A failover needs every node to know the replicas of every master.
  const isFormed = async ({ direct }: RunningNode) => {
    const seen = await topology(direct);
    const isFollowed = pairs.every(({ master, replica }) =>
      seen.some((it) => it.id === replica.id && it.master === master.id),
    );
    return isFollowed && (await isServing(direct));
  };
  await Promise.all([
    ...nodes.map((node) => until(() => isFormed(node))),
    ...pairs.map(({ replica: { direct } }) =>
      until(async () => /master_link_status:up/.test(await direct.info("replication"))),
    ),
  ]);
}

async function isServing(direct: Redis): Promise<boolean> {
  return String(await direct.call("CLUSTER", "INFO")).includes("cluster_state:ok");
}

/** The first slot of a master. */
function share(index: number): number {
  return Math.floor((SLOTS * index) / MASTERS);
}

interface SeenNode {
  readonly id: string;
  /** The id of the node's master, or undefined for a master. */
  readonly master: string | undefined;
  readonly holds: (slot: number) => boolean;
  /** A description of the node. */
  readonly text: string;
}

/** Returns the cluster as one node sees it, without nodes that it considers dead. */
async function topology(direct: Redis): Promise<SeenNode[]> {
  const lines = String(await direct.call("CLUSTER", "NODES"))
    .trim()
    .split("\n");
  return lines.flatMap((line) => {
    const [id = "", , flags = "", master = "-", , , , , ...ranges] = line.split(" ");
    if (/\bfail\b|handshake|noaddr/.test(flags)) return [];
    const held = ranges.filter((range) => !range.startsWith("[")).map(readRange);
    const holds = (slot: number) => held.some(([from, to]) => from <= slot && slot <= to);
    const text = `${id} ${master} ${ranges.join(" ")}`;
    return [{ id, master: master === "-" ? undefined : master, holds, text }];
  });
}

function readRange(range: string): [number, number] {
  const [from = "", to = from] = range.split("-");
  return [Number(from), Number(to)];
}

async function slotOf(key: string, nodes: readonly RunningNode[]): Promise<number> {
  const living = nodes.find((node) => node.isAlive());
  return Number(await living?.direct.call("CLUSTER", "KEYSLOT", key));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const latest = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > latest) throw new Error("The cluster did not form within 30 s.");
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
