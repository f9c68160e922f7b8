import { startGateway } from "#lib/gateway/server";
import { form, MASTERS } from "./cluster/form.ts";
import {
  NODE_TIMEOUT_MS,
  type RunningNode,
  setNodeTimeout,
  startNode,
  type TestNode,
} from "./cluster/node.ts";
import { slotOf, topology, until } from "./cluster/topology.ts";

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

/** Returns three keys of the three initial masters. Each key begins with the name. */
export function keysApart(name: string): [string, string, string] {
  return [`${name}:{${TAGS[0]}}`, `${name}:{${TAGS[1]}}`, `${name}:{${TAGS[2]}}`];
}
