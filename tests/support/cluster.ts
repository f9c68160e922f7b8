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

/** One node of a test's cluster. */
export interface TestNode {
  readonly id: string;
  readonly port: number;
  /** A connection to this node alone: it follows no redirection. */
  readonly direct: Redis;
  /** Ends the process as a crash would. */
  kill(): Promise<void>;
}

/** A real Redis Cluster of a test's own: three masters with a replica each, keeping nothing. */
export interface TestCluster {
  /** One master's address; the others are found through it. */
  readonly url: string;
  /** All six, the masters first, as they were formed. */
  readonly nodes: readonly TestNode[];
  /** The master of a key's slot, as the first node that lives says. */
  masterOf(key: string): Promise<TestNode>;
  /** A replica of a master, as the first node that lives says. */
  replicaOf(master: TestNode): Promise<TestNode>;
  /** Three keys of three masters, as the cluster was formed; each begins with the name. */
  keysApart(name: string): [string, string, string];
  /** Runs a command on every master, such as FLUSHALL, once all nodes agree which those are. */
  onMasters(name: string, ...args: string[]): Promise<void>;
  /** Lets a replica take a dead master's place within three seconds or so. */
  failOverSoon(): Promise<void>;
  /** Ends every process and removes its folder; once is enough, more does no harm. */
  stop(): Promise<void>;
}

/** A real Redis Cluster with our gateway before it. */
export interface TestClusterStore {
  readonly url: string;
  readonly token: string;
  readonly cluster: TestCluster;
  stop(): Promise<void>;
}

/** Starts both; the token is nobody's secret. */
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
 * How long a node may be silent before the others call it dead, in milliseconds. Short, news travels
 * fast and a replica takes over soon; long, a busy machine is not mistaken for a crash.
 */
const NODE_TIMEOUT_MS = { short: 1_000, long: 5_000 };

const MASTERS = 3;
const SLOTS = 16_384;

/** Starts six nodes and forms the cluster; resolves once every node serves and every replica follows. */
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
    if (!node) throw new Error("The cluster names no such node now.");
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

/** Hash tags whose slots, 3300, 7365 and 15495, lie with the first, second and third master. */
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

/** One for clients and one for the cluster's own bus, which by default is 10000 above: often too high. */
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
 * Forms the cluster. A node that starts as a master takes no writes for two seconds, and a replica that
 * takes a master's place takes them at once: so the masters begin as replicas of those that will follow them.
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
  // Each meets all others: it would hear of those that it has not met some rounds of gossip later.
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
  // Only when each knows who follows whom: a failover needs it.
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

/** Where the slots of a master begin. */
function share(index: number): number {
  return Math.floor((SLOTS * index) / MASTERS);
}

interface SeenNode {
  readonly id: string;
  /** Whom it follows; undefined for a master. */
  readonly master: string | undefined;
  readonly holds: (slot: number) => boolean;
  /** All this in words. */
  readonly text: string;
}

/** The cluster as one node sees it, without those it holds for dead. */
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
    if (performance.now() > latest) throw new Error("The cluster did not come to be in 30 s.");
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
