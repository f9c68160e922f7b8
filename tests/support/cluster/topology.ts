import type { Redis } from "ioredis";
import type { RunningNode } from "./node.ts";

interface SeenNode {
  readonly id: string;
  /** The id of the node's master, or undefined for a master. */
  readonly master: string | undefined;
  readonly holds: (slot: number) => boolean;
  /** A description of the node. */
  readonly text: string;
}

/** Returns the cluster as one node sees it, without nodes that it considers dead. */
export async function topology(direct: Redis): Promise<SeenNode[]> {
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

/** Returns the slot of a key. */
export async function slotOf(key: string, nodes: readonly RunningNode[]): Promise<number> {
  const living = nodes.find((node) => node.isAlive());
  return Number(await living?.direct.call("CLUSTER", "KEYSLOT", key));
}

/** Waits until the cluster is in a state, for at most 30 seconds. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const latest = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > latest) throw new Error("The cluster did not form within 30 s.");
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
