import { Command as RedisCommand } from "ioredis";
import { type Command, ErrorReply, type Reply } from "#lib/gateway/store/store";

/** Where a command goes: to the master of a slot, to any master, or to every one. */
export type Route =
  | { readonly to: "slot"; readonly slot: number }
  | { readonly to: "any" }
  | { readonly to: "every"; readonly join: (replies: readonly Reply[]) => Reply }
  | { readonly to: "none"; readonly refusal: ErrorReply };

/** The error of a Redis node when the keys of one command are in different slots. */
const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";

const ANY: Route = { to: "any" };

/**
 * Returns where a command goes in a cluster, by its first key. The node checks whether the other keys are in
 * the same slot, and redirects when another node serves it.
 */
export function routeOf(command: Command): Route {
  const [name, first] = namesOf(command);
  const join = OF_EVERY_MASTER.get(name) ?? OF_EVERY_MASTER.get(`${name} ${first}`);
  if (join) return { to: "every", join };
  if (name === "SCAN") return { to: "none", refusal: new ErrorReply(NO_SCAN) };
  const slot = slotOf(command);
  return slot === undefined ? ANY : { to: "slot", slot };
}

/**
 * Returns where a transaction goes: to the master of the slot that all its keys are in, or to any master when
 * it has no keys. A transaction whose keys are in several slots goes nowhere.
 */
export function routeOfTransaction(commands: readonly Command[]): Route {
  const routes = commands.map(routeOf);
  if (routes.some(({ to }) => to === "every" || to === "none")) {
    return { to: "none", refusal: new ErrorReply(NOT_IN_TRANSACTION) };
  }
  const slots = new Set(routes.flatMap((route) => (route.to === "slot" ? [route.slot] : [])));
  if (slots.size > 1) return { to: "none", refusal: new ErrorReply(CROSSSLOT) };
  const [slot] = slots;
  return slot === undefined ? ANY : { to: "slot", slot };
}

const NO_SCAN =
  "ERR the gateway refuses SCAN on a Redis Cluster: its cursor belongs to one node, and the keys are on several";
const NOT_IN_TRANSACTION =
  "ERR a transaction runs on one node of the Redis Cluster; DBSIZE, SCAN, SCRIPT, FUNCTION and FLUSH concern every node";

/** Commands without a key that run on every master, and how the replies are combined. */
const OF_EVERY_MASTER = new Map<string, (replies: readonly Reply[]) => Reply>([
  ["DBSIZE", (replies) => replies.reduce<number>((sum, count) => sum + Number(count), 0)],
  ["SCRIPT EXISTS", knownToAll],
  ["SCRIPT LOAD", first],
  ["FUNCTION LOAD", first],
  ["FUNCTION DELETE", first],
  ["FLUSHALL", first],
  ["FLUSHDB", first],
]);

function first(replies: readonly Reply[]): Reply {
  return replies[0] ?? null;
}

function knownToAll(replies: readonly Reply[]): Reply {
  const lists = replies.filter((reply) => Array.isArray(reply));
  return (lists[0] ?? []).map((_, at) => (lists.every((list) => list[at] === 1) ? 1 : 0));
}

/** The position of the argument that holds the number of keys, for commands that have one. */
const KEY_COUNT_AT = new Map([
  ...["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"].map(at(2)),
  ...["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"].map(at(2)),
  ...["ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD", "SINTERCARD", "SUNIONCARD"].map(at(1)),
  ...["SDIFFCARD", "LMPOP", "ZMPOP", "MSETEX"].map(at(1)),
]);

function at(position: number) {
  return (name: string) => [name, position] as const;
}

/**
 * Returns the slot of a command's first key. Returns undefined when the command has no key, is unknown to
 * ioredis, or has too few arguments: any node can report what is wrong with those.
 */
function slotOf(command: Command): number | undefined {
  const [name] = namesOf(command);
  const countAt = KEY_COUNT_AT.get(name);
  // Checked first: ioredis would loop up to this number, however large it is.
  if (countAt !== undefined && !(Number(command[countAt]) < command.length)) return undefined;
  const parsed = new RedisCommand(name, command.slice(1));
  if (parsed.getKeys().some((key) => key === undefined)) return undefined;
  return parsed.getSlot() ?? undefined;
}

function namesOf([name, first]: Command): [name: string, first: string] {
  return [name.toUpperCase(), first?.toString().toUpperCase() ?? ""];
}
