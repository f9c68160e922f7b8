import { Cluster, type Redis, type RedisOptions } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { boundReplies } from "#lib/gateway/store/bounded-replies";
import { addressOptions, readAddress } from "#lib/gateway/store/redis-address";
import {
  connectionOptions,
  pause,
  reasonOf,
  reportChanges,
  retryDelay,
  untilSilenced,
} from "#lib/gateway/store/redis-connection";

export interface ClusterOptions {
  /** redis://[user:password@]host[:port], or rediss:// for TLS, of any node. */
  readonly redisUrl?: string;
  /** ioredis's own options, for every node. */
  readonly redisOptions?: RedisOptions;
  /** How long a node may take to answer a command, in milliseconds. */
  readonly commandTimeoutMs: number;
  /** Called with a line, which holds no secret, when the cluster or a node stops answering or answers again. */
  readonly report?: (line: string) => void;
}

/** Which node serves which slot, with a connection to each node. ioredis discovers and keeps both. */
export interface Topology {
  /** Returns the master of a slot; undefined when it cannot be written to at once. */
  masterOf(slot: number): Redis | undefined;
  /** Returns any master that can be written to at once. */
  anyMaster(): Redis | undefined;
  masters(): readonly Redis[];
  /** Returns the node at `host:port`. Waits up to `mostMs` milliseconds for a node that is new. */
  nodeAt(address: string, mostMs: number): Promise<Redis | undefined>;
  /** Reads the slots of each node again, after a node became unavailable or a slot moved. */
  refresh(): void;
  /** @throws {HeadgateError} GATEWAY_INVALID when the Redis that was found is not a cluster */
  check(): void;
  close(): Promise<void>;
}

/**
 * How often a connection to a node is tried again. After that the node is used only when the cluster lists it
 * again.
 */
const MOST_ATTEMPTS = 10;

/** The shortest time between two reads of the slots while calls fail, in milliseconds. */
const REFRESH_MS = 100;

/**
 * Connects to every node of a cluster. Resolves when the masters answer or the first attempt has failed.
 * Nodes that disconnect, join or are promoted later are followed.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read, or belongs to a Redis that is not
 *   a cluster
 */
export async function connectTopology(options: ClusterOptions): Promise<Topology> {
  const { commandTimeoutMs } = options;
  const { report, silence } = untilSilenced(options.report ?? (() => {}));
  const cluster = createClient(options);
  const kind = watchKind(cluster);
  follow(cluster, report);
  const masters = () => cluster.nodes("master");
  const answered = async () => {
    await cluster.connect();
    await Promise.all(masters().map((node) => isReady(node, commandTimeoutMs)));
  };
  await Promise.race([answered().catch(() => {}), pause(commandTimeoutMs)]);
  const close = async () => {
    silence();
    await disconnect(cluster);
  };
  try {
    kind.check();
  } catch (error) {
    await close();
    throw error;
  }

  const known = (address: string | undefined) =>
    cluster.nodes().find((node) => addressOf(node) === address);
  let refreshedAt = -Infinity;
  return {
    masterOf: (slot) => writable(known(cluster.slots[slot]?.[0])),
    anyMaster: () => masters().find(writable),
    masters,
    async nodeAt(address, mostMs) {
      if (!known(address)) await Promise.race([refreshed(cluster), pause(mostMs)]);
      const node = known(address);
      return node && (await isReady(node, mostMs)) ? node : undefined;
    },
    refresh() {
      if (cluster.status !== "ready" || performance.now() - refreshedAt < REFRESH_MS) return;
      refreshedAt = performance.now();
      cluster.refreshSlotsCache();
    },
    check: () => kind.check(),
    close,
  };
}

function createClient({ redisUrl, redisOptions, commandTimeoutMs }: ClusterOptions): Cluster {
  const { start, identity } = readStart(redisUrl, redisOptions);
  return new Cluster([start], {
    redisOptions: {
      ...redisOptions,
      ...identity,
      ...connectionOptions(commandTimeoutMs),
    },
    lazyConnect: true,
    enableOfflineQueue: false,
    // The replies of a cluster that is down say so.
    enableReadyCheck: false,
    slotsRefreshTimeout: commandTimeoutMs,
    clusterRetryStrategy: retryDelay,
    clusterNodeRetryStrategy: (attempt) => (attempt > MOST_ATTEMPTS ? null : retryDelay(attempt)),
    // A certificate names the host, not the address that it resolves to.
    ...(identity.tls && { dnsLookup: (host, callback) => callback(null, host) }),
  });
}

/** Reads the first node to contact, and the credentials, which all nodes of a cluster share. */
function readStart(redisUrl: string | undefined, redisOptions: RedisOptions = {}) {
  if (redisUrl === undefined) {
    const { host = "127.0.0.1", port = 6379, tls } = redisOptions;
    return { start: { host, port }, identity: { ...(tls && { tls }) } };
  }
  const address = readAddress(redisUrl);
  if (address.db !== 0) {
    throw new HeadgateError(
      "GATEWAY_INVALID",
      "The address of a Redis Cluster must not name a database: a cluster has only database 0.",
    );
  }
  const { host, port, ...identity } = addressOptions(address, redisOptions);
  return { start: { host, port }, identity };
}

/** Notices a server that is not a node of a cluster: it answers CLUSTER SLOTS with an error. */
function watchKind(cluster: Cluster) {
  let isCluster = true;
  cluster.on("ready", () => {
    isCluster = true;
  });
  cluster.on("error", (error: Error & { lastNodeError?: Error }) => {
    isCluster = !/cluster support disabled|unknown command/i.test(
      error.lastNodeError?.message ?? "",
    );
  });
  return {
    check() {
      if (isCluster) return;
      throw new HeadgateError(
        "GATEWAY_INVALID",
        "The address of Redis belongs to a server that is not a Redis Cluster: unset HEADGATE_CLUSTER (in code: cluster: false).",
      );
    },
  };
}

function follow(cluster: Cluster, report: (line: string) => void): void {
  const { change } = reportChanges(report);
  cluster.on("ready", () => change("Redis Cluster answers"));
  cluster.on("error", ({ lastNodeError }: Error & { lastNodeError?: Error }) =>
    change(
      `Redis Cluster cannot be used (${lastNodeError ? reasonOf(lastNodeError) : "no answer"}); trying again`,
    ),
  );
  cluster.on("+node", (node: Redis) => followNode(cluster, node, report));
}

/** For each node, a promise that settles when the first attempt to connect has succeeded or failed. */
const FIRST_CONNECTIONS = new WeakMap<Redis, Promise<void>>();

function followNode(cluster: Cluster, node: Redis, report: (line: string) => void): void {
  let isLost = false;
  boundReplies(node);
  node.on("ready", () => {
    if (isLost) report(`Redis Cluster's node ${addressOf(node)} answers again`);
    isLost = false;
  });
  node.on("close", () => {
    // A node that has left the cluster is not reported.
    if (isLost || !cluster.nodes().includes(node)) return;
    isLost = true;
    report(`Redis Cluster's node ${addressOf(node)} is unavailable; trying again`);
  });
  // Replicas are connected to at once too, so that no call waits for the one that is promoted.
  FIRST_CONNECTIONS.set(
    node,
    node.connect().catch(() => {}),
  );
}

async function refreshed(cluster: Cluster): Promise<void> {
  await new Promise<void>((resolve) => {
    cluster.refreshSlotsCache(() => resolve());
  });
}

/** Returns true when a node can be written to. Waits for the first connection, never for a reconnection. */
async function isReady(node: Redis, mostMs: number): Promise<boolean> {
  await Promise.race([FIRST_CONNECTIONS.get(node), pause(mostMs)]);
  return node.status === "ready";
}

function writable(node: Redis | undefined): Redis | undefined {
  return node?.status === "ready" ? node : undefined;
}

function addressOf({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}

async function disconnect(cluster: Cluster): Promise<void> {
  // Without an open connection, ioredis emits no `end` event.
  const isOpen = cluster.nodes().some(({ status }) => status === "ready" || status === "connect");
  const ended = isOpen && new Promise((resolve) => cluster.once("end", resolve));
  cluster.disconnect();
  await ended;
}
