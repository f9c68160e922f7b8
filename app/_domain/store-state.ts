import { tools } from "#app/_domain/headgate";
import { environment } from "#config/app-env";
import { checkStore, type ErrorCode } from "headgate";
import { StoreError } from "headgate/redis";

/**
 * The state of the store in /api/health: "ok", the code of its failure, "not-asked" when HEADGATE_MODE
 * is off, or "unknown" until the first call has ended.
 */
export type StoreState = "ok" | "not-asked" | "unknown" | ErrorCode;

/** How long a state is reused, in milliseconds: many clients may call the health route each second. */
const OK_REUSED_MS = 10_000;
const FAILURE_REUSED_MS = 3_000;

/** Runs work after the response of the current request: `after` of Next. */
type Defer = (work: () => Promise<void>) => void;

interface StateOptions {
  /** Calls the store; resolves to its failure. It must not reject. */
  readonly call: () => Promise<StoreError | undefined>;
  readonly now?: () => number;
}

/**
 * Makes a view of the store's state for any number of requests. No request waits for the store: each
 * gets the state of the last call. The first request in 10 s (3 s while the store fails) starts another
 * call after its response.
 */
export function storeState({
  call,
  now = () => performance.now(),
}: StateOptions): (defer: Defer) => StoreState {
  let known: StoreState = "unknown";
  let nextAt = -Infinity;

  return (defer) => {
    if (now() < nextAt) return known;
    // This time also bounds a call that never ends, because its platform ended the request.
    nextAt = now() + OK_REUSED_MS;
    defer(async () => {
      const failure = await call();
      known = failure ? codeOf(failure) : "ok";
      nextAt = now() + (failure ? FAILURE_REUSED_MS : OK_REUSED_MS);
    });
    return known;
  };
}

/** Returns the failure's code. A call that was not tried has the last failure as its cause. */
function codeOf({ code, cause }: StoreError): ErrorCode {
  return code === "STORE_NOT_TRIED" && cause instanceof StoreError ? cause.code : code;
}

let view: ((defer: Defer) => StoreState) | undefined;

/** Returns the last known state of this process's store, without waiting. */
export function currentStoreState(defer: Defer): StoreState {
  if (environment().mode === "off") return "not-asked";
  view ??= storeState({ call: () => checkStore(tools.redis) });
  return view(defer);
}
