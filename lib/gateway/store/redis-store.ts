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
 * Connects to one Redis over one connection. While it is down no command waits and none is sent twice; it
 * reconnects automatically. Resolves when Redis answers or the first attempt has failed. A second connection
 * carries the subscriptions while there are any.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read, belongs to a Redis Cluster, or
 *   names a database that Redis refuses; when this is found later, every call throws it
 */
export async function connectRedis(options: RedisStoreOptions): Promise<Store> {
  const { commandTimeoutMs } = options;
  const { report, silence } = untilSilenced(options.report ?? (() => {}));
  const redis = createClient(options);
  boundReplies(redis);
  follow(redis, report);
  const kind = watchKind(redis, report);
  const database = watchDatabase(redis);
  // A Redis that is unavailable at first is reported and tried again, like one that becomes unavailable
  // later.
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

  // Redis may refuse the database later, after a restart with other settings.
  redis.on("ready", () => {
    const refusal = database.refusal();
    if (refusal !== undefined) report(refusal);
  });
  const call = async (command: Command, budget?: Budget) => {
    check();
    return await send(redis, command, commandTimeoutMs, budget);
  };
  // All are written in one turn of the event loop, so that no command of another caller comes between.
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
 * Notices when Redis refuses the database that the address names. ioredis would continue in database 0, with
 * the wrong keys.
 */
function watchDatabase(redis: Redis) {
  let refusal: HeadgateError | undefined;
  redis.on("connect", () => {
    refusal = undefined;
  });
  redis.on("error", (error: Error) => {
    // Without a valid password SELECT fails too, but the error to report is that of the password.
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

/**
 * Checks at each connection whether this Redis is a node of a cluster, which would serve only some of the
 * keys.
 */
function watchKind(redis: Redis, report: (line: string) => void) {
  let known: Promise<void> = Promise.resolve();
  let isCluster = false;
  const ask = async () => {
    // When the ACL user is not allowed to run INFO, the address is assumed to be right.
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
    "The address of Redis belongs to a Redis Cluster: set HEADGATE_CLUSTER=1 (in code: cluster: true).",
  );
}

function follow(redis: Redis, report: (line: string) => void): void {
  const { current, change } = reportChanges(report);
  redis.on("ready", () => change("Redis answers"));
  redis.on("close", () => {
    if (["", "Redis answers"].includes(current())) change("Redis is unavailable; trying again");
  });
  redis.on("error", (error: Error) => {
    // A later report says more: AUTH failed as well, or the database is refused.
    if (!isOfSelect(error)) change(`Redis cannot be used (${reasonOf(error)}); trying again`);
  });
}

async function disconnect(redis: Redis): Promise<void> {
  const isOpen = redis.status === "ready" || redis.status === "connect";
  const ended = isOpen ? once(redis, "end") : undefined;
  redis.disconnect();
  await ended;
}
