import { BRAND } from "#lib/core/brand";
import { HeadgateError } from "#lib/core/errors";
import { LASTING, type LastingCode, readRefusal, type StoreErrorCode } from "./replies.ts";

/**
 * The error of a store call. Its message names the command and never the keys or values, which may be
 * personal data.
 */
export class StoreError extends HeadgateError {
  declare readonly code: StoreErrorCode;
  /**
   * The first word of Redis's error, such as "NOSCRIPT" or "CROSSSLOT"; "ERR" when the error has no such
   * word, and undefined without a reply from Redis.
   */
  readonly reply: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options?: {
      /**
       * The error that led to this one.
       * @default no cause
       * @example
       * throw new StoreError("STORE_UNREACHABLE", "The store cannot be reached.", { cause: error });
       */
      cause?: unknown;
      /**
       * The first word of Redis's error, such as "NOSCRIPT".
       * @default no reply
       * @example
       * throw new StoreError("STORE_REJECTED", "The script is not known.", { reply: "NOSCRIPT" });
       */
      reply?: string | undefined;
    },
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
 * Returns the error for an error reply of Redis. It keeps the first word of the reply only, because the rest
 * may repeat keys and values.
 *
 * @param what the command, or "pipeline" or "multi-exec" for several
 * @param error the text of Redis's error
 * @param sent the names of the commands that the error may be about
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

/** Returns the error of a store that rejects every call: its answer, and what to do. */
export function lasting(code: LastingCode, answered: string, reply?: string): StoreError {
  return new StoreError(code, `${answered} ${LASTING[code].advice}`, { reply });
}

/** Returns the error of one command's answer in a pipeline; undefined when the answer is a result. */
export function errorIn(command: string, answer: unknown): StoreError | undefined {
  if (typeof answer === "object" && answer !== null) {
    if ("error" in answer && typeof answer.error === "string") {
      return rejected(command, answer.error);
    }
    if ("result" in answer) return undefined;
  }
  return new StoreError("STORE_BAD_ANSWER", `${command}: the pipeline's answer does not have it.`);
}

/**
 * Returns true for an error of a store that is unavailable, and false when the store rejected one command.
 *
 * @example
 * if (isStoreFailure(error)) await retryLater(job);
 */
export function isStoreFailure(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code !== "STORE_REJECTED";
}

/** Returns the error of a call as a StoreError, so that callers handle one class of errors. */
export function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError("STORE_BAD_ANSWER", "The store call failed in an unknown way.", { cause });
}
