import { once } from "node:events";
import { Redis, type RedisOptions } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { boundReplies } from "./bounded-replies.ts";
import { addressOptions, readAddress } from "./redis-address.ts";
import {
  connectionOptions,
  inTransaction,
  pause,
  reasonOf,
  reportChanges,
  retryDelay,
  send,
  transacted,
  untilSilenced,
} from "./redis-connection.ts";
import { redisSubscriptions } from "./redis-subscriptions.ts";
import type { Budget, Command, Store } from "./store.ts";
import { inWindows } from "./windows.ts";

export interface RedisStoreOptions {
  /** redis://[user:password@]host[:port][/db], or rediss:// for TLS. */
  readonly redisUrl?: string;
  /** ioredis's own options; `path` for a Unix socket. */
  readonly redisOptions?: RedisOptions;
  /** How long Redis may take to answer a command, in milliseconds. */
  readonly commandTimeoutMs: number;
  /** Called with a line, which holds no secret, when Redis stops answering or answers again. */
  readonly report?: (line: string) => void;
}

/**
 * A Redis behind the gateway: one connection, by which nothing waits while it is down and nothing
 * is sent twice. It comes back by itself. Resolves once Redis answers or the first attempt failed. A
 * second connection has all subscriptions, while there are any.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read, leads to a Redis Cluster,
 *   or names a database that Redis refuses; where that shows later, every call is answered so
 */
export async function connectRedis(options: RedisStoreOptions): Promise<Store> {
  const { commandTimeoutMs } = options;
  const { report, silence } = untilSilenced(options.report ?? (() => {}));
  const redis = createClient(options);
  boundReplies(redis);
  follow(redis, report);
  const kind = watchKind(redis, report);
  const database = watchDatabase(redis);
  // A Redis that is not there yet is reported, and tried again, like one that is lost later.
  await Promise.race([redis.connect().then(kind.known, () => {}), pause(commandTimeoutMs)]);
  const subscriptions = redisSubscriptions({ client: () => redis, commandTimeoutMs });
  const close = async () => {
    silence();
    await Promise.all([disconnect(redis), subscriptions.close()]);
  };
  const check = () => {
    kind.check();
    database.check();
  };
  try {
    check();
  } catch (error) {
    await close();
    throw error;
  }

  // Redis may lose the database later, by a restart with other settings.
  redis.on("ready", () => {
    const refusal = database.refusal();
    if (refusal !== undefined) report(refusal);
  });
  const call = async (command: Command, budget?: Budget) => {
    check();
    return await send(redis, command, commandTimeoutMs, budget);
  };
  // Written in one turn of the event loop, so that no other caller's command comes between.
  const all = (commands: readonly Command[], budget?: Budget) =>
    Promise.all(commands.map((command) => call(command, budget)));
  return {
    call,
    pipeline: (commands, budget) =>
      inWindows(commands, {
        budget,
        patienceMs: commandTimeoutMs / 2,
        send: (some) => all(some, budget),
        unsent: (refusal) => refusal,
      }),
    async transaction(commands, budget) {
      return transacted((await all(inTransaction(commands), budget)).at(-1));
    },
    async subscribe(subscription, listener) {
      check();
      return await subscriptions.subscribe(subscription, listener);
    },
    close,
  };
}

function createClient({ redisUrl, redisOptions, commandTimeoutMs }: RedisStoreOptions): Redis {
  const options = {
    ...redisOptions,
    ...connectionOptions(commandTimeoutMs),
    retryStrategy: retryDelay,
    // After a failover the connection may lead to a replica.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  };
  if (redisUrl === undefined) return new Redis(options);
  const address = readAddress(redisUrl);
  return new Redis({ ...options, ...addressOptions(address, redisOptions), db: address.db });
}

/**
 * Notes when Redis refuses the database that the address names. ioredis goes on in database 0 then,
 * among other keys than were meant.
 */
function watchDatabase(redis: Redis) {
  let refusal: HeadgateError | undefined;
  redis.on("connect", () => {
    refusal = undefined;
  });
  redis.on("error", (error: Error) => {
    // Without a valid password nothing is selected; that is said of the password.
    if (!isOfSelect(error) || reasonOf(error) === "NOAUTH") return;
    refusal = refusedDatabase(redis.options.db, error);
  });
  return {
    check() {
      if (refusal) throw refusal;
    },
    refusal: () => refusal?.message,
  };
}

function isOfSelect(error: Error & { command?: { name: string } }): boolean {
  return error.command?.name === "select";
}

function refusedDatabase(db: number | undefined, cause: Error): HeadgateError {
  const message = `Redis refuses database ${db} (${reasonOf(cause)}), which its address (REDIS_URL) names: it must be one that the server has (\`databases\` in redis.conf) and that its user may SELECT.`;
  return new HeadgateError("GATEWAY_INVALID", message, { cause });
}

/** Asks, at each connection, whether this is a node of a cluster: it would serve some keys alone. */
function watchKind(redis: Redis, report: (line: string) => void) {
  let known: Promise<void> = Promise.resolve();
  let isCluster = false;
  const ask = async () => {
    // An ACL user that may not ask is believed to have been sent to the right place.
    const info = await redis.info("server").catch(() => "");
    isCluster = /^redis_mode:cluster/m.test(info);
    if (isCluster) report(needsFlag().message);
  };
  redis.on("ready", () => {
    known = ask();
  });
  return {
    known: () => known,
    check() {
      if (isCluster) throw needsFlag();
    },
  };
}

function needsFlag(): HeadgateError {
  return new HeadgateError(
    "GATEWAY_INVALID",
    "The address of Redis leads to a Redis Cluster: set HEADGATE_CLUSTER=1 (in code: cluster: true).",
  );
}

function follow(redis: Redis, report: (line: string) => void): void {
  const { current, change } = reportChanges(report);
  redis.on("ready", () => change("Redis answers"));
  redis.on("close", () => {
    if (["", "Redis answers"].includes(current())) change("Redis is lost; trying again");
  });
  redis.on("error", (error: Error) => {
    // What follows says more: AUTH was refused as well, or the database is.
    if (!isOfSelect(error)) change(`Redis cannot be used (${reasonOf(error)}); trying again`);
  });
}

async function disconnect(redis: Redis): Promise<void> {
  const isOpen = redis.status === "ready" || redis.status === "connect";
  const ended = isOpen ? once(redis, "end") : undefined;
  redis.disconnect();
  await ended;
}
