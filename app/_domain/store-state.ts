import { tools } from "#app/_domain/headgate";
import { environment } from "#config/app-env";
import { checkStore, type ErrorCode } from "headgate";
import { StoreError } from "headgate/redis";

/**
 * What /api/health says of the store: "ok", the code of its failure, "not-asked" where HEADGATE_MODE is
 * off, and "unknown" until the first call has ended.
 */
export type StoreState = "ok" | "not-asked" | "unknown" | ErrorCode;

/** How long an answer is good for, in milliseconds: health may be asked each second, by many. */
const GOOD_MS = 10_000;
const FAILED_MS = 3_000;

/** Does work after the response of the request that is served: `after` of Next. */
type Defer = (work: () => Promise<void>) => void;

interface StateOptions {
  /** Asks the store; resolves to its failure. Must not reject. */
  readonly ask: () => Promise<StoreError | undefined>;
  readonly now?: () => number;
}

/**
 * Makes a view of the store that any number of requests may look at. No request waits for the store: each
 * gets what the last call said, and the first in 10 s (3 s while the store fails) has another call made
 * after its response.
 */
export function storeState({
  ask,
  now = () => performance.now(),
}: StateOptions): (defer: Defer) => StoreState {
  let known: StoreState = "unknown";
  let nextAt = -Infinity;

  return (defer) => {
    if (now() < nextAt) return known;
    // Also how long a call may stay without an end, whose request was ended by its platform.
    nextAt = now() + GOOD_MS;
    defer(async () => {
      const failure = await ask();
      known = failure ? codeOf(failure) : "ok";
      nextAt = now() + (failure ? FAILED_MS : GOOD_MS);
    });
    return known;
  };
}

/** That a call was not tried says nothing: its cause is the failure that was seen last. */
function codeOf({ code, cause }: StoreError): ErrorCode {
  return code === "STORE_NOT_TRIED" && cause instanceof StoreError ? cause.code : code;
}

let made: ((defer: Defer) => StoreState) | undefined;

/** Returns the state of this process's store as it is known, without waiting. */
export function currentStoreState(defer: Defer): StoreState {
  if (environment().mode === "off") return "not-asked";
  made ??= storeState({ ask: () => checkStore(tools.redis) });
  return made(defer);
}
