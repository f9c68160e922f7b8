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

/** The most redirections that one call follows. */
const MOST_REDIRECTIONS = 5;

/**
 * Connects to a Redis Cluster. Each command goes to the master of its slot and follows redirections, since a
 * node that redirects has run nothing. No command waits while a master is down, and none is sent twice. Calls
 * succeed again once a replica has been promoted. Resolves when the masters answer or the first attempt has
 * failed.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read, or belongs to a Redis that is not
 *   a cluster; when this is found later, every call throws it
 */
export async function connectCluster(options: ClusterOptions): Promise<Store> {
  const topology = await connectTopology(options);
  const run = runner(topology, options.commandTimeoutMs);
  // A cluster sends each message to all its nodes, so any of them can be subscribed to.
  const subscriptions = redisSubscriptions({
    client: () => topology.anyMaster(),
    commandTimeoutMs: options.commandTimeoutMs,
  });
  return {
    async call(command, budget) {
      return orUnavailable(await run(command, budget));
    },
    async pipeline(commands, budget) {
      const settled = await inWindows<PromiseSettledResult<Reply>>(commands, {
        budget,
        patienceMs: options.commandTimeoutMs / 2,
        // All are written in one turn of the event loop, so that each node receives its commands in order.
        send: (some) => Promise.allSettled(some.map((command) => run(command, budget))),
        unsent: (value) => ({ status: "fulfilled", value }),
      });
      return inOrder(settled);
    },
    async transaction(commands, budget) {
      const route = routeOfTransaction(commands);
      if (route.to === "none") return route.refusal;
      const replies = await run.together(inTransaction(commands), route, budget);
      return transacted(orUnavailable(replies.at(-1) ?? null));
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

  /** Runs commands on one node, in one turn of the event loop, and follows their slot when it moves. */
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

/**
 * Returns the redirection of a node that does not serve the slot, or no longer serves this key. Nothing ran
 * there.
 */
function redirectionIn(replies: readonly Reply[]) {
  for (const reply of replies) {
    if (!(reply instanceof ErrorReply)) continue;
    const [word, , address = ""] = reply.message.split(" ");
    if (word !== "MOVED" && word !== "ASK") continue;
    return {
      isLasting: word === "MOVED",
      // An address without a host means the host of the node that answered.
      address: (from: Redis) =>
        address.startsWith(":") ? `${from.options.host}${address}` : address,
    };
  }
  return undefined;
}

/** Throws STORE_UNREACHABLE when the cluster serves nothing, for example while it elects a master. */
function orUnavailable(reply: Reply): Reply {
  if (isDown(reply)) throw unreachable(reply);
  return reply;
}

function isDown(reply: Reply): reply is ErrorReply {
  return reply instanceof ErrorReply && /^(CLUSTERDOWN|TRYAGAIN|MASTERDOWN)\b/.test(reply.message);
}

/**
 * Returns the replies in the order of the commands. When one master is unavailable, its commands get errors
 * and the others keep their replies. Throws only when no command was answered.
 */
function inOrder(settled: readonly PromiseSettledResult<Reply>[]): readonly Reply[] {
  const isAnswered = settled.some((one) => one.status === "fulfilled" && !isDown(one.value));
  return settled.map((one) => {
    if (one.status === "fulfilled") return isAnswered ? one.value : orUnavailable(one.value);
    if (isAnswered && isHeadgateError(one.reason)) return asErrorReply(one.reason);
    throw one.reason;
  });
}

function asErrorReply({ code, message }: HeadgateError): ErrorReply {
  return new ErrorReply(`${code === "STORE_TIMEOUT" ? "TIMEOUT" : "UNREACHABLE"} ${message}`);
}
