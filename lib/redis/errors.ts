import { BRAND } from "#lib/core/brand";
import { HeadgateError } from "#lib/core/errors";
import { LASTING, type LastingCode, readRefusal, type StoreErrorCode } from "./replies.ts";

/**
 * The store did not do what was asked. The message names the command and never its keys or values:
 * those may be a person's.
 */
export class StoreError extends HeadgateError {
  declare readonly code: StoreErrorCode;
  /**
   * The first word of what Redis answered, such as "NOSCRIPT" or "CROSSSLOT", and "ERR" where it has
   * none; undefined where no reply of Redis came.
   */
  readonly reply: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options?: { cause?: unknown; reply?: string | undefined },
  ) {
    super(code, message, options);
    this.name = "StoreError";
    this.reply = options?.reply;
  }

  override get [BRAND](): string {
    return "HeadgateError.StoreError";
  }
}

/**
 * Returns the error for what Redis answered in the place of a result. Of its text only the first word
 * is kept: the rest may repeat keys and values.
 *
 * @param what the command, or what the commands were sent as
 * @param error the text of Redis's error
 * @param sent the names of the commands that it may be about
 */
export function rejected(
  what: string,
  error: string,
  sent: readonly string[] = [what],
): StoreError {
  const { word: reply, code } = readRefusal(sent, error);
  const answered = `${what}: Redis answered ${reply}.`;
  if (code === "STORE_REJECTED" || code === "STORE_TIMEOUT") {
    return new StoreError(code, answered, { reply });
  }
  return lasting(code, reply === "ERR" ? `${what}:` : answered, reply);
}

/** Returns the error of a store that refuses call after call: what was answered, and what to do. */
export function lasting(code: LastingCode, answered: string, reply?: string): StoreError {
  return new StoreError(code, `${answered} ${LASTING[code].advice}`, { reply });
}

/** Returns the error of one command's answer in a pipeline; undefined where it holds a result. */
export function errorIn(command: string, answer: unknown): StoreError | undefined {
  if (typeof answer === "object" && answer !== null) {
    if ("error" in answer && typeof answer.error === "string") {
      return rejected(command, answer.error);
    }
    if ("result" in answer) return undefined;
  }
  return new StoreError("STORE_BAD_ANSWER", `${command}: a pipeline's answer has no place for it.`);
}

/**
 * Returns true for an error that says that the store does not serve, rather than that it refused one command.
 *
 * @example
 * if (isStoreFailure(error)) await retryLater(job);
 */
export function isStoreFailure(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code !== "STORE_REJECTED";
}

/** Returns what a call threw as a StoreError, so that callers handle one kind of error. */
export function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError("STORE_BAD_ANSWER", "The store call failed in an unknown way.", { cause });
}
