import type { Duration } from "#lib/core/duration";
import { checkWhole, readDuration } from "#lib/dedup/options";
import { MAX_HOLD } from "#lib/dedup/renewed";

export interface IdempotencyOptions<R extends Request> {
  /**
   * Returns the verified caller of a request: no caller gets another caller's response. A request
   * without a caller (undefined) is a guest's: it is run each time, unless `guestClient` names its
   * client. The handler may deny it.
   * @example
   * idempotent(pay, { caller: userOf });
   */
  readonly caller: (request: R) => string | undefined | Promise<string | undefined>;
  /**
   * Returns the client of a guest's request: the client key of its address, or the address itself,
   * which is hashed before it reaches the store; undefined when it is unknown. A guest's request is
   * then run once for its client, its body and its key. The key must be a UUID of version 4, or at
   * least 22 characters of base64url, which other guests of the address cannot guess. With any other
   * key the request is run each time.
   * @default none: a guest's request is run each time
   * @example
   * idempotent(pay, { caller: userOf, guestClient: addressOf });
   */
  readonly guestClient?: (request: R) => string | undefined | Promise<string | undefined>;
  /**
   * Whether a request without the header is denied with 400.
   * @default true
   * @example
   * idempotent(pay, { caller: userOf, required: false });
   */
  readonly required?: boolean;
  /**
   * How long a request is held without renewal when the process that runs its handler ends: the same request
   * may be run again after that. The lease is renewed after each third of this time until the handler's
   * response has been read. A number means seconds.
   * @default "30 seconds"
   * @example
   * idempotent(pay, { caller: userOf, lease: "1 minute" });
   */
  readonly lease?: Duration;
  /**
   * The longest time that renewal holds a request, so that a handler that hangs does not hold it for ever:
   * the same request may be run again after that. With `lease` or less, the lease is never renewed. A number
   * means seconds.
   * @default "15 minutes"
   * @example
   * idempotent(pay, { caller: userOf, maxHold: "5 minutes" });
   */
  readonly maxHold?: Duration;
  /**
   * How long the response is stored, counted from the request. A number means seconds.
   * @default "24 hours"
   * @example
   * idempotent(pay, { caller: userOf, window: "7 days" });
   */
  readonly window?: Duration;
  /**
   * The largest request body that is accepted, in bytes.
   * @default 1048576
   * @example
   * idempotent(pay, { caller: userOf, maxBodyBytes: 64 * 1024 });
   */
  readonly maxBodyBytes?: number;
  /**
   * The largest response that is stored, in bytes of its body. A larger response is not repeated: a
   * client that sends its request again gets a 409 that says that the request was done.
   * @default 65536
   * @example
   * idempotent(pay, { caller: userOf, maxAnswerBytes: 256 * 1024 });
   */
  readonly maxAnswerBytes?: number;
  /**
   * Decides about a request with the header while the store fails: "closed" answers 503, so that no
   * request is run twice; "open" runs it.
   * @default "closed"
   * @example
   * idempotent(pay, { caller: userOf, onStoreFailure: "open" });
   */
  readonly onStoreFailure?: "open" | "closed";
}

/** The largest value of `maxAnswerBytes`: base64 makes the stored body a third larger. */
const MOST_ANSWER_BYTES = 512 * 1024;

/**
 * Returns the options with their defaults.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT for options that are not valid
 */
export function readOptions<R extends Request>(options: IdempotencyOptions<R>) {
  const { lease = "30 seconds", maxHold = MAX_HOLD, window = "24 hours" } = options;
  const { maxBodyBytes = 1024 * 1024, maxAnswerBytes = 64 * 1024 } = options;
  const { required = true, onStoreFailure = "closed" } = options;
  readDuration("lease", lease);
  readDuration("window", window);
  checkWhole("maxBodyBytes", maxBodyBytes, 0);
  checkWhole("maxAnswerBytes", maxAnswerBytes, 0, MOST_ANSWER_BYTES);
  return {
    caller: options.caller,
    guestClient: options.guestClient,
    required,
    claim: { lease, window, onStoreFailure },
    /** In milliseconds. */
    maxHold: readDuration("maxHold", maxHold),
    maxBodyBytes,
    maxAnswerBytes,
  };
}
