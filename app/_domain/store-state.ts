import { tools } from "#app/_domain/headgate";
import { environment } from "#config/app-env";
import { checkStore, type ErrorCode, within } from "headgate";
import { StoreError } from "headgate/redis";

/**
 * What /api/health says of the store: "ok", the code of its failure, "not-asked" where HEADGATE_MODE is
 * off, and "unknown" until the first call has ended.
 */
export type StoreState = "ok" | "not-asked" | "unknown" | ErrorCode;

/** How long an answer is good for, in milliseconds: health may be asked each second, by many. */
const GOOD_MS = 10_000;
const FAILED_MS = 3_000;

/** The longest that one request waits, in milliseconds: a slow store must not make health slow. */
const WAIT_MS = 1_000;

interface StateOptions {
  /** Asks the store; resolves to its failure. Must not reject. */
  readonly ask: () => Promise<StoreError | undefined>;
  readonly now?: () => number;
}

/**
 * Makes a view of the store that any number of requests may look at: at most one call each 10 s, or 3 s
 * while the store fails. Only the request that makes a call waits for it, 1 s at most, since in workerd
 * and on Vercel no request may wait for the call of another; the others get what was known before.
 */
export function storeState({
  ask,
  now = () => performance.now(),
}: StateOptions): () => Promise<StoreState> {
  let known: StoreState = "unknown";
  let nextAt = -Infinity;

  return async () => {
    if (now() < nextAt) return known;
    // Also how long a call may stay without an end, whose request was ended by its platform.
    nextAt = now() + GOOD_MS;
    const asked = ask().then((failure) => {
      known = failure ? codeOf(failure) : "ok";
      nextAt = now() + (failure ? FAILED_MS : GOOD_MS);
      return known;
    });
    return within<StoreState>(WAIT_MS, asked, () => "STORE_TIMEOUT");
  };
}

/** That a call was not tried says nothing: its cause is the failure that was seen last. */
function codeOf({ code, cause }: StoreError): ErrorCode {
  return code === "STORE_NOT_TRIED" && cause instanceof StoreError ? cause.code : code;
}

let made: (() => Promise<StoreState>) | undefined;

/** The state of this process's store; never rejects, and takes 1 s at most. */
export async function currentStoreState(): Promise<StoreState> {
  if (environment().mode === "off") return "not-asked";
  made ??= storeState({ ask: () => checkStore(tools.redis) });
  return made();
}
