import { Command as RedisCommand, type Redis, ReplyError } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { noteBudget } from "./bounded-replies.ts";
import { type Budget, type Command, ErrorReply, type Reply } from "./store.ts";

/**
 * How every connection to Redis behaves: nothing waits while it is down, nothing is sent twice.
 *
 * @param commandTimeoutMs how long Redis may take to answer a command, in milliseconds
 */
export function connectionOptions(commandTimeoutMs: number) {
  return {
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
  };
}

/** How long until the next attempt to connect, in milliseconds. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 1_000);
}

/**
 * Writes one command in this turn of the event loop.
 *
 * @throws {HeadgateError} STORE_TIMEOUT, or STORE_UNREACHABLE; it may have run all the same
 */
export async function send(
  redis: Redis,
  [name, ...args]: Command,
  commandTimeoutMs: number,
  budget?: Budget,
): Promise<Reply> {
  // In capitals, for ioredis reshapes arguments and replies of the names that it knows in lower case.
  const command = new RedisCommand(name.toUpperCase(), args, { replyEncoding: null });
  if (budget) noteBudget(command, budget);
  holdForTurn(redis);
  try {
    return toReply(await redis.sendCommand(command));
  } catch (error) {
    return errorReplyOf(error, commandTimeoutMs);
  }
}

/**
 * Holds what is sent in this turn of the event loop until the turn ends, so that it leaves in one piece:
 * each piece costs this process, and Redis, a call of the system.
 */
function holdForTurn({ stream }: Redis): void {
  // Before the first attempt to connect there is no stream.
  if (!(stream as Redis["stream"] | undefined) || stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(() => stream.uncork());
}

/**
 * Returns what Redis answered, where a command failed with an answer.
 *
 * @throws {HeadgateError} STORE_TIMEOUT, or STORE_UNREACHABLE, where there was none
 */
export function errorReplyOf(error: unknown, commandTimeoutMs: number): ErrorReply {
  if (isReplyError(error)) return new ErrorReply(error.message);
  throw lost(error, commandTimeoutMs);
}

/** Commands with MULTI before and EXEC after them. */
export function inTransaction(commands: readonly Command[]): readonly Command[] {
  return [["MULTI"], ...commands, ["EXEC"]];
}

/** What a transaction answered, from EXEC's reply. */
export function transacted(exec: Reply | undefined): readonly Reply[] | ErrorReply {
  if (Array.isArray(exec)) return exec;
  if (exec instanceof ErrorReply) return exec;
  return new ErrorReply("EXECABORT Transaction discarded");
}

/** No answer, and no saying whether the command ran. */
export function unreachable(cause?: unknown): HeadgateError {
  return new HeadgateError("STORE_UNREACHABLE", "Redis cannot be reached.", { cause });
}

/** The time for a command passed without an answer. */
export function timedOut(commandTimeoutMs: number, cause?: unknown): HeadgateError {
  const message = `Redis did not answer within ${commandTimeoutMs} ms.`;
  return new HeadgateError("STORE_TIMEOUT", message, { cause });
}

/** The error's code or first word: the rest of its text may repeat an address or a name. */
export function reasonOf(error: Error & { code?: unknown }): string {
  if (typeof error.code === "string") return error.code;
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? "no answer";
}

/** Waits without keeping the process alive. */
export async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
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

function lost(cause: unknown, commandTimeoutMs: number): HeadgateError {
  if (cause instanceof Error && cause.message === "Command timed out") {
    return timedOut(commandTimeoutMs, cause);
  }
  return unreachable(cause);
}

/** Reports until it is silenced: a connection that we close ourselves is not lost. */
export function untilSilenced(report: (line: string) => void) {
  let isSilent = false;
  return {
    report: (line: string) => {
      if (!isSilent) report(line);
    },
    silence: () => {
      isSilent = true;
    },
  };
}

/** Reports a state when it is another one than before. */
export function reportChanges(report: (line: string) => void) {
  let state = "";
  return {
    current: () => state,
    change: (next: string) => {
      if (next !== state) report(next);
      state = next;
    },
  };
}
