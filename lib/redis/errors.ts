import { HeadgateError } from "#lib/core/errors";

type StoreErrorCode =
  | "STORE_TIMEOUT"
  | "STORE_UNREACHABLE"
  | "STORE_UNAUTHORIZED"
  | "STORE_OVER_QUOTA"
  | "STORE_REJECTED"
  | "STORE_BAD_ANSWER"
  | "STORE_NOT_TRIED";

/**
 * The store did not do what was asked. The message names the command and never its keys or values:
 * those may be a person's.
 */
export class StoreError extends HeadgateError {
  /** The Redis error's first word, such as "NOSCRIPT" or "CROSSSLOT", where Redis gave one. */
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
}

/** What Redis, or our gateway before a cluster, says where a command's node does not serve. */
const NOT_SERVED: ReadonlyMap<string, StoreErrorCode> = new Map([
  ["LOADING", "STORE_UNREACHABLE"],
  ["CLUSTERDOWN", "STORE_UNREACHABLE"],
  ["MASTERDOWN", "STORE_UNREACHABLE"],
  ["TRYAGAIN", "STORE_UNREACHABLE"],
  ["UNREACHABLE", "STORE_UNREACHABLE"],
  ["TIMEOUT", "STORE_TIMEOUT"],
]);

/**
 * The error for what Redis answered to a command. Of its text only the first word is kept: the rest
 * may repeat keys and values.
 */
export function rejected(command: string, error: string): StoreError {
  const first = /^(?:ERR )?([A-Z][A-Z0-9]{2,24})\b/.exec(error)?.[1];
  const reply = first ?? (error.includes("NOSCRIPT") ? "NOSCRIPT" : undefined);
  const code = NOT_SERVED.get(reply ?? "") ?? "STORE_REJECTED";
  return new StoreError(code, `${command}: Redis answered ${reply ?? "an error"}.`, { reply });
}

/** Whether an error says that the store does not serve, rather than that it refused one command. */
export function isStoreFailure(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code !== "STORE_REJECTED";
}

/** What a call threw, as a StoreError: whoever catches one need not know of others. */
export function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError("STORE_BAD_ANSWER", "The store call failed in an unknown way.", { cause });
}
