import type { Redis } from "ioredis";
import type { RunningNode } from "./node.ts";
import { topology, until } from "./topology.ts";

export const MASTERS = 3;
const SLOTS = 16_384;

/**
 * Forms the cluster. A node that starts as a master accepts no writes for two seconds, and a promoted replica
 * accepts them at once. The masters therefore begin as replicas of their later replicas.
 */
export async function form(nodes: readonly RunningNode[]): Promise<void> {
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
