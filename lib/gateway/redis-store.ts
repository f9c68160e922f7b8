import { once } from "node:events";
import { Command as RedisCommand, Redis, type RedisOptions, ReplyError } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { type Command, ErrorReply, type Reply, type Store } from "./store.ts";

export interface RedisStoreOptions {
  /** redis://[user:password@]host[:port][/db], or rediss:// for TLS. */
  readonly redisUrl?: string;
  /** ioredis's own options; `path` for a Unix socket. */
  readonly redisOptions?: RedisOptions;
  /** How long Redis may take to answer a command, in milliseconds. */
  readonly commandTimeoutMs: number;
  /** Hears when Redis is lost and found again, in one line that holds no secret. */
  readonly report?: (line: string) => void;
}

/**
 * A Redis behind the gateway: one connection, by which nothing waits while it is down and nothing
 * is sent twice. It comes back by itself. Resolves once Redis answers or the first attempt failed.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the address cannot be read
 */
export async function connectRedis(options: RedisStoreOptions): Promise<Store> {
  const redis = createClient(options);
  follow(redis, options.report ?? (() => {}));
  // A Redis that is not there yet is reported, and tried again, like one that is lost later.
  await Promise.race([redis.connect().catch(() => {}), pause(options.commandTimeoutMs)]);

  const send = sender(redis, options.commandTimeoutMs);
  return {
    call: send,
    // Written in one turn of the event loop, so that no other caller's command comes between.
    pipeline: (commands) => Promise.all(commands.map(send)),
    async transaction(commands) {
      const block: Command[] = [["MULTI"], ...commands, ["EXEC"]];
      return settled((await Promise.all(block.map(send))).at(-1));
    },
    close: () => disconnect(redis),
  };
}

function createClient({ redisUrl, redisOptions, commandTimeoutMs }: RedisStoreOptions): Redis {
  const options = {
    ...redisOptions,
    lazyConnect: true,
    // RESP2 has the shapes that the REST protocol promises: maps as flat lists, doubles as text.
    protocol: 2 as const,
    replyMapping: "legacy" as const,
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A connection that stays silent is given up, and with it what waits on it.
    socketTimeout: commandTimeoutMs * 2,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 1_000),
    // After a failover the connection may lead to a replica.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  };
  return redisUrl === undefined ? new Redis(options) : new Redis(readUrl(redisUrl), options);
}

function readUrl(redisUrl: string): string {
  if (URL.canParse(redisUrl) && /^rediss?:$/.test(new URL(redisUrl).protocol)) return redisUrl;
  throw new HeadgateError(
    "GATEWAY_INVALID",
    "The address of Redis cannot be read; allowed: redis://[user:password@]host[:port][/db], or rediss:// for TLS.",
  );
}

function follow(redis: Redis, report: (line: string) => void): void {
  let state = "";
  const change = (next: string) => {
    if (next !== state) report(next);
    state = next;
  };
  redis.on("ready", () => change("Redis answers"));
  redis.on("close", () => {
    if (state === "" || state === "Redis answers") change("Redis is lost; trying again");
  });
  redis.on("error", (error: Error) =>
    change(`Redis cannot be used (${reasonOf(error)}); trying again`),
  );
}

/** The error's code or first word: the rest of its text may repeat an address or a name. */
function reasonOf(error: Error & { code?: unknown }): string {
  if (typeof error.code === "string") return error.code;
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? "no answer";
}

function sender(redis: Redis, commandTimeoutMs: number) {
  return async ([name, ...args]: Command): Promise<Reply> => {
    // In capitals, for ioredis reshapes arguments and replies of the names that it knows in lower case.
    const command = new RedisCommand(name.toUpperCase(), args, { replyEncoding: null });
    try {
      return toReply(await redis.sendCommand(command));
    } catch (error) {
      if (isReplyError(error)) return new ErrorReply(error.message);
      throw lost(error, commandTimeoutMs);
    }
  };
}

function isReplyError(error: unknown): error is Error {
  return error instanceof ReplyError;
}

/** ioredis's reply; errors inside a list (EXEC, or a script's own) are values there too. */
function toReply(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(toReply);
  if (reply instanceof Error) return new ErrorReply(reply.message);
  return reply as Reply;
}

function settled(exec: Reply | undefined): readonly Reply[] | ErrorReply {
  if (Array.isArray(exec)) return exec;
  if (exec instanceof ErrorReply) return exec;
  return new ErrorReply("EXECABORT Transaction discarded");
}

function lost(cause: unknown, commandTimeoutMs: number): HeadgateError {
  if (cause instanceof Error && cause.message === "Command timed out") {
    const message = `Redis did not answer within ${commandTimeoutMs} ms.`;
    return new HeadgateError("STORE_TIMEOUT", message, { cause });
  }
  return new HeadgateError("STORE_UNREACHABLE", "Redis cannot be reached.", { cause });
}

async function disconnect(redis: Redis): Promise<void> {
  const isOpen = redis.status === "ready" || redis.status === "connect";
  const ended = isOpen ? once(redis, "end") : undefined;
  redis.disconnect();
  await ended;
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
