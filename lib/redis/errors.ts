import { HeadgateError } from "#lib/core/errors";

type StoreErrorCode =
  | "STORE_TIMEOUT"
  | "STORE_UNREACHABLE"
  | "STORE_UNAUTHORIZED"
  | "STORE_REJECTED"
  | "STORE_BAD_ANSWER";

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

/**
 * The error for what Redis answered to a command. Of its text only the first word is kept: the rest
 * may repeat keys and values.
 */
export function rejected(command: string, error: string): StoreError {
  const reply = /^(?:ERR )?([A-Z][A-Z0-9]{2,24})\b/.exec(error)?.[1];
  return new StoreError("STORE_REJECTED", `${command}: Redis answered ${reply ?? "an error"}.`, {
    reply: reply ?? (error.includes("NOSCRIPT") ? "NOSCRIPT" : undefined),
  });
}
