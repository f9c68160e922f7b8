import type { Redis } from "ioredis";
import { type HeadgateError, isHeadgateError } from "#lib/core/errors";
import { type Route, routeOf, routeOfTransaction } from "./commands.ts";
import { type ClusterOptions, connectTopology, type Topology } from "./topology.ts";
import {
  inTransaction,
  send,
  timedOut,
  transacted,
  unreachable,
} from "#lib/gateway/store/redis-connection";
import { redisSubscriptions } from "#lib/gateway/store/redis-subscriptions";
import {
  type Budget,
  type Command,
  ErrorReply,
  type Reply,
  type Store,
} from "#lib/gateway/store/store";
import { inWindows } from "#lib/gateway/store/windows";

/** How many redirections of one call are followed. */
const MOST_REDIRECTIONS = 5;

/**
 * A Redis Cluster behind the gateway: each command goes to the master of its slot, and follows
 * where a slot has moved, since nothing ran on a node that redirects. Nothing waits while a master
 * is down, and nothing is sent twice; once its replica took over, calls go on by themselves.
 * Resolves once the masters answer or the first attempt failed.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read, or leads to no cluster;
 *   where that shows later, every call is answered so
 */
export async function connectCluster(options: ClusterOptions): Promise<Store> {
  const topology = await connectTopology(options);
  const run = runner(topology, options.commandTimeoutMs);
  // A cluster hands each message to all its nodes: any of them will do.
  const subscriptions = redisSubscriptions({
    client: () => topology.anyMaster(),
    commandTimeoutMs: options.commandTimeoutMs,
  });
  return {
    async call(command, budget) {
      return orDown(await run(command, budget));
    },
    async pipeline(commands, budget) {
      const settled = await inWindows<PromiseSettledResult<Reply>>(commands, {
        budget,
        patienceMs: options.commandTimeoutMs / 2,
        // Written in one turn of the event loop: what goes to one node arrives there in its order.
        send: (some) => Promise.allSettled(some.map((command) => run(command, budget))),
        unsent: (value) => ({ status: "fulfilled", value }),
      });
      return inPlace(settled);
    },
    async transaction(commands, budget) {
      const route = routeOfTransaction(commands);
      if (route.to === "none") return route.refusal;
      const replies = await run.together(inTransaction(commands), route, budget);
      return transacted(orDown(replies.at(-1) ?? null));
    },
    async subscribe(subscription, listener) {
      topology.check();
      return await subscriptions.subscribe(subscription, listener);
    },
    async close() {
      await Promise.all([topology.close(), subscriptions.close()]);
    },
  };
}

function runner(topology: Topology, commandTimeoutMs: number) {
  async function run(command: Command, budget?: Budget): Promise<Reply> {
    const route = routeOf(command);
    if (route.to === "none") return route.refusal;
    if (route.to === "every") return await onEvery(command, route.join, budget);
    const [reply = null] = await together([command], route, budget);
    return reply;
  }

  async function onEvery(
    command: Command,
    join: (replies: readonly Reply[]) => Reply,
    budget?: Budget,
  ): Promise<Reply> {
    topology.check();
    const masters = topology.masters();
    if (masters.length === 0) throw unreachable();
    const replies = await Promise.all(masters.map((node) => write(node, command, budget)));
    return replies.find((reply) => reply instanceof ErrorReply) ?? join(replies);
  }

  /** Runs commands on one node, in one turn, wherever their slot is now. */
  async function together(
    commands: readonly Command[],
    route: Route,
    budget?: Budget,
  ): Promise<readonly Reply[]> {
    topology.check();
    const latest = performance.now() + commandTimeoutMs;
    let node = route.to === "slot" ? topology.masterOf(route.slot) : topology.anyMaster();
    let block = commands;
    for (let followed = 0; followed <= MOST_REDIRECTIONS; followed += 1) {
      if (!node) break;
      const from = node;
      const replies = await Promise.all(block.map((command) => write(from, command, budget)));
      const redirection = redirectionIn(replies);
      if (!redirection) return replies.slice(-commands.length);
      if (performance.now() >= latest) throw timedOut(commandTimeoutMs);
      if (redirection.isLasting) topology.refresh();
      block = redirection.isLasting ? commands : [["ASKING"], ...commands];
      node = await topology.nodeAt(redirection.address(from), latest - performance.now());
    }
    topology.refresh();
    throw unreachable();
  }

  async function write(node: Redis, command: Command, budget?: Budget): Promise<Reply> {
    try {
      return await send(node, command, commandTimeoutMs, budget);
    } catch (error) {
      // Its replica may have taken over.
      topology.refresh();
      throw error;
    }
  }

  return Object.assign(run, { together });
}

/** A node's word that it does not serve the slot, or no longer this key of it: nothing ran. */
function redirectionIn(replies: readonly Reply[]) {
  for (const reply of replies) {
    if (!(reply instanceof ErrorReply)) continue;
    const [word, , address = ""] = reply.message.split(" ");
    if (word !== "MOVED" && word !== "ASK") continue;
    return {
      isLasting: word === "MOVED",
      // Without a host it is the one that was asked.
      address: (from: Redis) =>
        address.startsWith(":") ? `${from.options.host}${address}` : address,
    };
  }
  return undefined;
}

/** A cluster that serves nothing now, such as while it chooses a master, is one that is away. */
function orDown(reply: Reply): Reply {
  if (isDown(reply)) throw unreachable(reply);
  return reply;
}

function isDown(reply: Reply): reply is ErrorReply {
  return reply instanceof ErrorReply && /^(CLUSTERDOWN|TRYAGAIN|MASTERDOWN)\b/.test(reply.message);
}

/**
 * Answers in their places. One master being away leaves the answers of the others; only when no
 * command was answered is the whole pipeline lost.
 */
function inPlace(settled: readonly PromiseSettledResult<Reply>[]): readonly Reply[] {
  const isAnswered = settled.some((one) => one.status === "fulfilled" && !isDown(one.value));
  return settled.map((one) => {
    if (one.status === "fulfilled") return isAnswered ? one.value : orDown(one.value);
    if (isAnswered && isHeadgateError(one.reason)) return inWords(one.reason);
    throw one.reason;
  });
}

function inWords({ code, message }: HeadgateError): ErrorReply {
  return new ErrorReply(`${code === "STORE_TIMEOUT" ? "TIMEOUT" : "UNREACHABLE"} ${message}`);
}
