import { Command as RedisCommand, type Redis, ReplyError } from "ioredis";
import { HeadgateError } from "#lib/core/errors";
import { noteBudget } from "./bounded-replies.ts";
import { type Budget, type Command, ErrorReply, type Reply } from "./store.ts";

/**
 * Returns the options of every connection to Redis: no command waits while it is down, and none is sent
 * twice.
 *
 * @param commandTimeoutMs how long Redis may take to answer a command, in milliseconds
 */
export function connectionOptions(commandTimeoutMs: number) {
  return {
    lazyConnect: true,
    // RESP2 has the types that the REST protocol specifies: maps are flat lists, doubles are text.
    protocol: 2 as const,
    replyMapping: "legacy" as const,
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A connection that stays silent is closed, and the commands that wait on it fail.
    socketTimeout: commandTimeoutMs * 2,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
}

/** Returns the time until the next attempt to connect, in milliseconds. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 1_000);
}

/**
 * Writes one command in this turn of the event loop.
 *
 * @throws {HeadgateError} STORE_TIMEOUT or STORE_UNREACHABLE; the command may have run nevertheless
 */
export async function send(
  redis: Redis,
  [name, ...args]: Command,
  commandTimeoutMs: number,
  budget?: Budget,
): Promise<Reply> {
  // The name is in capitals because ioredis changes arguments and replies of commands in lower case.
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
 * Returns the error that Redis answered to a command.
 *
 * @throws {HeadgateError} STORE_TIMEOUT or STORE_UNREACHABLE when Redis did not answer
 */
export function errorReplyOf(error: unknown, commandTimeoutMs: number): ErrorReply {
  if (isReplyError(error)) return new ErrorReply(error.message);
  throw lost(error, commandTimeoutMs);
}

/** Returns the commands with MULTI before and EXEC after them. */
export function inTransaction(commands: readonly Command[]): readonly Command[] {
  return [["MULTI"], ...commands, ["EXEC"]];
}

/** Returns the replies of a transaction from the reply to EXEC. */
export function transacted(exec: Reply | undefined): readonly Reply[] | ErrorReply {
  if (Array.isArray(exec)) return exec;
  if (exec instanceof ErrorReply) return exec;
  return new ErrorReply("EXECABORT Transaction discarded");
}

/** Returns the error for a command without an answer. The command may have run. */
export function unreachable(cause?: unknown): HeadgateError {
  return new HeadgateError("STORE_UNREACHABLE", "Redis cannot be reached.", { cause });
}

/** Returns the error for a command that was not answered in time. */
export function timedOut(commandTimeoutMs: number, cause?: unknown): HeadgateError {
  const message = `Redis did not answer within ${commandTimeoutMs} ms.`;
  return new HeadgateError("STORE_TIMEOUT", message, { cause });
}

/** Returns an error's code or its first word. The rest of its text may contain an address or a name. */
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

/** Converts a reply of ioredis. Errors inside a list, as of EXEC or a script, become values too. */
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

/** Reports lines until it is silenced, so that a connection that we close ourselves is not reported. */
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

/** Reports a state when it differs from the last one. */
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
