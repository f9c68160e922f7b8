import type { Command } from "#lib/gateway/store/store";

const SHARED = "it changes the state of a connection that all callers share";
const BLOCKS = "it blocks the connection that all callers share";
const SUBSCRIBES = "its answer is a stream; open /subscribe/<channel> or /psubscribe/<pattern>";
const UNSUBSCRIBES = "a subscription ends when its client closes the stream of /subscribe";
const STREAMS = "its answer is a stream, which this gateway does not serve";
const ADMIN = "it administers the server";
const PERMIT = "the gateway permits it with GATEWAY_ALLOW_SHARED=1 (in code: allowShared: true)";
const OTHER_DATABASE = `it changes another database, which other users of the server may have; ${PERMIT}`;
const FUNCTIONS = `it changes functions, which all users of the server share; ${PERMIT}`;
const COMMANDS = `it shows commands of all users of the server; ${PERMIT}`;
const TRANSACTION = "send the commands to /multi-exec";

/** The commands that are always refused, by the reason. */
export const REFUSED_NAMES: Readonly<Record<string, string>> = {
  [SHARED]: "AUTH HELLO SELECT CLIENT RESET QUIT READONLY READWRITE ASKING WATCH UNWATCH",
  [BLOCKS]: "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMOVEM BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF",
  [SUBSCRIBES]: "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE",
  [UNSUBSCRIBES]: "UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE",
  [STREAMS]: "MONITOR SYNC PSYNC",
  [ADMIN]:
    "CONFIG SHUTDOWN DEBUG REPLICAOF SLAVEOF REPLCONF FAILOVER ROLE MODULE SAVE BGSAVE BGREWRITEAOF ACL CLUSTER SENTINEL MIGRATE RESTORE RESTORE-ASKING SWAPDB COMMANDLOG HOTKEYS LATENCY PFDEBUG PFSELFTEST FT.CONFIG",
  [TRANSACTION]: "MULTI EXEC DISCARD",
  "Redis treats it as HTTP and closes the connection that all callers share": "POST",
  "it stops the server while it walks every key; use SCAN": "KEYS",
};

const REFUSED = new Map(
  Object.entries(REFUSED_NAMES).flatMap(([why, names]) =>
    names.split(" ").map((name) => [name, why] as const),
  ),
);

/** The subcommands that are always refused, because they administer the server. */
export const REFUSED_SUBCOMMANDS = new Map([
  ["SCRIPT", new Set(["FLUSH", "KILL", "DEBUG"])],
  ["SLOWLOG", new Set(["RESET"])],
  ["FUNCTION", new Set(["FLUSH", "KILL", "RESTORE"])],
  ["MEMORY", new Set(["PURGE", "DOCTOR", "MALLOC-STATS"])],
]);

/** The commands that delete every key; SFLUSH does so by slots. */
export const FLUSHES = new Set(["FLUSHALL", "FLUSHDB", "SFLUSH"]);

/** The subcommands that change the functions of the whole server. */
const FUNCTION_CHANGES = new Set(["LOAD", "DELETE"]);

/** The subcommands that read the slow log. RESET is always refused. */
const SLOW_LOG_READS = new Set(["GET", "LEN"]);

/** The commands that block when they have the option BLOCK, anywhere before STREAMS. */
const MAY_BLOCK = new Set(["XREAD", "XREADGROUP"]);

/**
 * How many arguments each of their options has. They are skipped, since a group or a consumer may be called
 * BLOCK or STREAMS.
 */
const OPTION_ARGUMENTS = new Map([
  ["GROUP", 2],
  ["COUNT", 1],
  ["CLAIM", 1],
]);

/** The commands that are refused unless an option of the gateway permits them. */
export interface Permissions {
  /** True when FLUSHDB and FLUSHALL run. For tests. */
  readonly allowFlush: boolean;
  /** True when FUNCTION LOAD, FUNCTION DELETE, MOVE, COPY with DB and SLOWLOG GET run. */
  readonly allowShared: boolean;
}

/**
 * Returns why the gateway refuses a command; undefined when the gateway runs it. This guards against
 * accidents and against commands that a shared connection cannot run. Scripts are not read: use an ACL user
 * of Redis for commands that callers with the token must never run.
 */
export function refusalOf(command: Command, permissions: Permissions): string | undefined {
  const name = command[0].toUpperCase();
  const subcommand = upper(command[1]);
  if (FLUSHES.has(name)) {
    return permissions.allowFlush ? undefined : refused(name, "it deletes every key");
  }
  const shared = permissions.allowShared ? undefined : sharedRefusal(name, subcommand, command);
  if (shared) return shared;
  const why = REFUSED.get(name);
  if (why) return refused(name, why);
  if (REFUSED_SUBCOMMANDS.get(name)?.has(subcommand))
    return refused(`${name} ${subcommand}`, ADMIN);
  if (blocks(name, command)) return refused(`${name} with BLOCK`, BLOCKS);
  return undefined;
}

/** Returns why a command that changes or shows data of other users of the server is refused. */
function sharedRefusal(name: string, subcommand: string, command: Command): string | undefined {
  if (name === "MOVE") return refused(name, OTHER_DATABASE);
  if (name === "COPY" && command.slice(3).map(upper).includes("DB")) {
    return refused("COPY with DB", OTHER_DATABASE);
  }
  if (name === "SLOWLOG" && SLOW_LOG_READS.has(subcommand)) {
    return refused(`${name} ${subcommand}`, COMMANDS);
  }
  const isFunction = name === "FUNCTION" || name === "TFUNCTION";
  return isFunction && FUNCTION_CHANGES.has(subcommand)
    ? refused(`${name} ${subcommand}`, FUNCTIONS)
    : undefined;
}

function blocks(name: string, command: Command): boolean {
  if (!MAY_BLOCK.has(name)) return false;
  for (let at = 1; at < command.length; at += 1) {
    const option = upper(command[at]);
    if (option === "BLOCK") return true;
    if (option === "STREAMS") return false;
    at += OPTION_ARGUMENTS.get(option) ?? 0;
  }
  return false;
}

function upper(argument: Command[number] | undefined): string {
  return argument?.toString().toUpperCase() ?? "";
}

function refused(what: string, why: string): string {
  return `ERR the gateway refuses ${what}: ${why}`;
}
