import { BRAND, isInstance } from "./brand.ts";

/**
 * The codes of Headgate's errors: each error has one. A code never changes its meaning; docs/reference/errors.md has
 * an entry for each.
 */
export type ErrorCode =
  | "POLICY_INVALID"
  | "REWRITES_INVALID"
  | "MATCHER_INVALID"
  | "ENV_INVALID"
  | "CLIENT_ADDRESS_UNKNOWN"
  | "CLIENT_ADDRESS_HEADER_ABSENT"
  | "CLIENT_ADDRESS_HEADER_UNCONFIGURED"
  | "CLIENT_ADDRESS_MORE_HOPS"
  | "VISITOR_SECRET_GUESSABLE"
  | "IDENTITY_UNRESOLVED"
  | "IDENTITY_INVALID"
  | "IDENTITY_TIMEOUT"
  | "IDENTITY_OPTIONS_INVALID"
  | "STORE_TIMEOUT"
  | "STORE_UNREACHABLE"
  | "STORE_UNAUTHORIZED"
  | "STORE_OVER_QUOTA"
  | "STORE_SUSPENDED"
  | "STORE_OUT_OF_MEMORY"
  | "STORE_READ_ONLY"
  | "STORE_NOT_PERMITTED"
  | "STORE_WRONG_ADDRESS"
  | "STORE_REJECTED"
  | "STORE_BAD_ANSWER"
  | "STORE_NOT_TRIED"
  | "LIMIT_UNKNOWN_RULE"
  | "LIMIT_BAD_ARGUMENT"
  | "LIMIT_NOT_IN_STORE"
  | "CONTROL_BAD_ENTRY"
  | "CONTROL_BAD_ARGUMENT"
  | "CONTROL_NEEDS_SECRET"
  | "CONTROL_FULL"
  | "CONTROL_NO_ENTRY"
  | "LOCK_BAD_ARGUMENT"
  | "LOCK_NOT_ACQUIRED"
  | "LOCK_LOST"
  | "LOCK_FLIGHT_FAILED"
  | "DEDUP_BAD_ARGUMENT"
  | "DEDUP_CLAIM_LOST"
  | "COUNTERS_BAD_ARGUMENT"
  | "GATEWAY_INVALID"
  | "BUILD_FAILED"
  | "WORKER_FAILED"
  | "AUDIT_FAILED"
  | "STORE_NOT_FOUND"
  | "PACKAGE_MISSING"
  | "INIT_NO_APP"
  | "INIT_SEVERAL_APPS"
  | "INIT_NEXT_UNSUPPORTED"
  | "INIT_NOT_AGREED"
  | "INIT_MIDDLEWARE"
  | "INIT_WRITE_FAILED"
  | "INIT_INSTALL_FAILED"
  | "CLI_USAGE";

/**
 * The base of all our errors: a stable code, a message that says what to do, and the cause. `instanceof`
 * is true for an error of another copy of the package too.
 */
export class HeadgateError extends Error {
  readonly code: ErrorCode;

  constructor(
    code: ErrorCode,
    message: string,
    options?: {
      /**
       * The error that led to this one.
       * @default no cause
       * @example
       * throw new HeadgateError("ENV_INVALID", "SHOP_URL must be a URL.", { cause: error });
       */
      cause?: unknown;
    },
  ) {
    super(message, options);
    this.name = "HeadgateError";
    this.code = code;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value) ?? super[Symbol.hasInstance](value);
  }

  get [BRAND](): string {
    return "HeadgateError";
  }
}

/**
 * Returns true for an error of Headgate, also when another copy of the package made it: every such
 * error has a `code` of docs/reference/errors.md.
 *
 * @example
 * const code = isHeadgateError(error) ? error.code : "UNKNOWN";
 */
export function isHeadgateError(error: unknown): error is HeadgateError {
  return error instanceof HeadgateError;
}
