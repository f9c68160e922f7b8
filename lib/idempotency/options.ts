import type { Duration } from "#lib/core/duration";
import { checkWhole, readDuration } from "#lib/dedup/options";
import { MAX_HOLD } from "#lib/dedup/renewed";

export interface IdempotencyOptions<R extends Request> {
  /**
   * Returns the verified caller of a request: no caller gets another caller's answer. A request
   * without one (undefined) is a guest's: it is run each time, unless `guestClient` names its client;
   * the handler may refuse it.
   */
  readonly caller: (request: R) => string | undefined | Promise<string | undefined>;
  /**
   * Returns the client that a guest's request comes from: the client key of its address, or the
   * address itself, which is hashed before the store sees it; undefined where it is not known. A
   * guest's request is then run once for its client, its body and its key, where the key is a UUID of
   * version 4, or at least 22 characters of base64url, which other guests of the address cannot guess.
   * With any other key it is run each time.
   * @default none: a guest's request is run each time
   * @example
   * const { clientAddress: source, ipv6Prefix } = environment();
   * const guestClient = ({ headers }: Request) => {
   *   const address = clientAddress(headers, source, ipv6Prefix);
   *   return address === UNKNOWN_ADDRESS ? undefined : address;
   * };
   */
  readonly guestClient?: (request: R) => string | undefined | Promise<string | undefined>;
  /**
   * Whether a request without the header is refused.
   * @default true
   */
  readonly required?: boolean;
  /**
   * How long a request is held when nothing more is heard of the process that runs its handler: the
   * same request may be run again after it. It is renewed at each third of it until the handler's
   * answer has been read.
   * @default "30 seconds"
   */
  readonly lease?: Duration;
  /**
   * The longest that a request is held by renewing its lease, so that a handler that hangs does not
   * hold it for ever; the same request may be run again after that. With no more than `lease` it is
   * never renewed.
   * @default "15 minutes"
   */
  readonly maxHold?: Duration;
  /**
   * How long the answer is kept, from the request on.
   * @default "24 hours"
   */
  readonly window?: Duration;
  /**
   * The largest body that is taken, in bytes.
   * @default 1048576
   */
  readonly maxBodyBytes?: number;
  /**
   * The largest answer that is kept, in bytes of its body. A larger one is not repeated: a client that
   * sends its request again is told that it was done.
   * @default 65536
   */
  readonly maxAnswerBytes?: number;
  /**
   * What becomes of a request with the header while the store fails: "closed", 503, so that nothing
   * is done twice; or "open", it is run.
   * @default "closed"
   */
  readonly onStoreFailure?: "open" | "closed";
}

/** The largest that `maxAnswerBytes` may be: what is kept of it is larger by a third. */
const MOST_ANSWER_BYTES = 512 * 1024;

/**
 * The options with their defaults.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT for options that cannot be
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
