import type { Decision } from "./decision.ts";
import type { Doubt } from "./doubt.ts";
import type { GateMode } from "./mode.ts";
import type { OnStoreFailure } from "./on-store-failure.ts";

/**
 * The events that Headgate reports to a listener. docs/reference/events.md has each event and each field; a
 * test compares it with these types. No event holds personal data, or the key of a lock or a claim. Client
 * keys are returned by a decision's `clients()` alone.
 */
export type HeadgateEvent =
  | DecisionEvent
  | NearLimitEvent
  | StoreEvent
  | BreakerEvent
  | AddressEvent
  | FailureEvent
  | LockEvent
  | DedupEvent
  | IdempotencyEvent;

/** A request was checked, or a handler called `limit`. */
export interface DecisionEvent {
  readonly kind: "decision";
  /**
   * The names of the rules that matched, those in shadow last; empty for a body that was denied before rules
   * were matched, and for a blocked client on a path without a rule.
   */
  readonly rules: readonly string[];
  /** The result of the check: docs/reference/decision.md. */
  readonly decision: Decision;
  /** The request's method; undefined for a call from code without a request. */
  readonly method: string | undefined;
  /**
   * The pattern by which each rule matched, as the policy has it, by the rule's name; empty for calls from code.
   */
  readonly patterns: Readonly<Record<string, string>>;
  /** The `onStoreFailure` of the rules: it explains why a failed check was allowed or denied. */
  readonly onStoreFailure: OnStoreFailure;
  /** False when the address was counted but not known: all such requests count as one client. */
  readonly addressKnown: boolean;
  /**
   * Returns the client key that each limit counts, by the limit's name in RateLimit headers: the keyed hash,
   * never an address or a name. It is a function, so that an event in JSON holds no client key. Absent when
   * no limit was checked.
   */
  readonly clients?: () => Readonly<Record<string, string>>;
  /** HEADGATE_MODE: in "shadow" the request was allowed, whatever the decision. */
  readonly mode: GateMode;
  /**
   * Identifies the request when it was denied, when a rule in shadow would have denied it, or when the store
   * failed; otherwise undefined, as for a call from code without a request.
   */
  readonly requestId: string | undefined;
  /** The time of the decision: milliseconds since 1970, on the instance's clock. */
  readonly decidedAt: number;
  /** Milliseconds from the call to the decision. */
  readonly tookMs: number;
}

/**
 * With this request a client reached 80 % of a limit and had used less before. It is reported once when the
 * client reaches 80 %, and not for a client that is over the limit.
 */
export interface NearLimitEvent {
  readonly kind: "near-limit";
  /** The name of the rule. */
  readonly rule: string;
  /** The limit's name in RateLimit headers. */
  readonly policyName: string;
  /** Units in one window. */
  readonly limit: number;
  /** Units that are left. */
  readonly remaining: number;
}

/** A call to the store ended: one REST request, or one command or pipeline by TCP. */
export interface StoreEvent {
  readonly kind: "store";
  /** The command in capitals, such as EVALSHA; "pipeline" or "multi-exec" for several. */
  readonly command: string;
  /** The number of commands in the call. */
  readonly commands: number;
  /** Milliseconds from sending to the answer; 0 for a call that was not sent. */
  readonly tookMs: number;
  /** Why the call failed; absent when it succeeded. The code is STORE_NOT_TRIED when the breaker is open. */
  readonly error?: Error;
}

/** The state of a breaker. */
type BreakerState =
  /** Five calls in a row failed: no call is sent for a while. */
  | "open"
  /** A call succeeded again. */
  | "closed";

/** The breaker of the store opened or closed. Each connection has one breaker. */
export interface BreakerEvent {
  readonly kind: "breaker";
  readonly state: BreakerState;
  /** The failure that opened the breaker; the last failure when the breaker closes. */
  readonly error: Error;
}

/** Requests may be counted as the wrong client. Each cause is reported once. */
export interface AddressEvent extends Doubt {
  readonly kind: "address";
}

/** The work that failed, with the consequence. */
export type FailureCode =
  /** The resolver of an identity: the request is counted without that identity. */
  | "identity"
  /** The app's `onDenied`: Headgate writes the response itself. */
  | "denied-hook"
  /** The report of a request that an optimistic rule allowed: it may not be counted, and the next request waits for the store. */
  | "report"
  /** `acquireLock`: its caller gets null. */
  | "lock-acquire"
  /** The renewal of a lock: it is tried again while there is time, then the lock is lost. */
  | "lock-renew"
  /** The release of a lock, also of one whose response never arrived: the lock ends with its TTL. */
  | "lock-release"
  /** Storing the result of `singleFlight`: callers that wait do the work themselves. */
  | "flight-keep"
  /** Claiming a key: `onStoreFailure` decides the state of the claim. */
  | "dedup-claim"
  /** The commit of finished work, or storing its result: the work may be done again after the claim's TTL. */
  | "dedup-commit"
  /** Releasing a claim: the claim ends with its TTL. */
  | "dedup-release"
  /** Reading a result that was stored under another secret: the duplicate gets no result. */
  | "dedup-read"
  /** Storing the response of a handler: the same request gets a conflict, or runs again after the claim's TTL. */
  | "idempotency-keep"
  /** Reading the control document, or some of its entries: the last document that was read holds, and an entry that cannot be used is ignored. */
  | "control"
  /** The app's own work, which it reported by `gate.emit`. */
  | "app";

/** Work failed, and no caller received the error. */
export interface FailureEvent {
  readonly kind: "failure";
  readonly during: FailureCode;
  /** The identity or condition whose resolver failed, or the app's name for its own work; otherwise absent. */
  readonly name?: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** What happened to a lock, or to a call for it. */
type LockState =
  /** The store gave the lock to the caller. */
  | "acquired"
  /** The call ended without the lock, because another holder had it. */
  | "contended"
  /** A held lock could not be renewed in time, or the store says that it belongs to another: its `signal` is aborted. */
  | "lost"
  /** The lock was released. A release whose first response was lost finds no lock, and reports nothing. */
  | "released";

/**
 * A lock was acquired, was found to be held, was lost, or was released. A call of `acquire`, `tryAcquire`,
 * `acquireLock` or `withLock` without an error of the store ends as "acquired" or "contended", so
 * `contended / (acquired + contended)` is the share of calls that did not get their lock. A wait that its
 * caller's own signal ended is neither. `singleFlight` reports nothing when it got the result of another caller.
 */
export interface LockEvent {
  readonly kind: "lock";
  readonly state: LockState;
  /**
   * Milliseconds from the call until the lock was acquired or the attempt ended; absent for "lost" and
   * "released".
   */
  readonly waitedMs?: number;
  /** Milliseconds for which the lock was held; absent for the others, and for `releaseLock`. */
  readonly heldMs?: number;
  /** Why the lock was lost: LOCK_LOST; absent for the others. */
  readonly error?: Error;
}

/** What happened to a key. */
type DedupState =
  /** No caller had claimed the key within its window. */
  | "first"
  /** The work of the key is done; for `count`, also in progress. */
  | "duplicate"
  /** Another caller has the claim. */
  | "in-progress"
  /** The key was claimed with another payload. */
  | "other-payload"
  /** The claim of `once` or `idempotent` was lost while the work ran: the work continues, and may be done twice. */
  | "lost";

/**
 * A key was claimed or counted, or a claim was lost while its work ran. There is one event for each key of
 * `claim`, `claimMany`, `count`, `once`, `shouldTrackEvent` and `idempotent`.
 */
export interface DedupEvent {
  readonly kind: "dedup";
  readonly state: DedupState;
  /** False when the store failed and `onStoreFailure` decided the state; absent for "lost". */
  readonly isCertain?: boolean;
  /** Why the claim was lost: DEDUP_CLAIM_LOST; absent for the others. */
  readonly error?: Error;
}

/** What happened to the request. */
type IdempotencyState =
  /** The request is the first of its key, and its handler is called. */
  | "ran"
  /** The request got the response of the first one. */
  | "replayed"
  /** The request was neither run nor answered as before: 409, or 422 for another request. */
  | "conflict";

/** Why there was a conflict. */
type ConflictReason =
  /** The first request with the key is still in progress. */
  | "in-progress"
  /** The key belongs to another request. */
  | "other-request"
  /** The first request is done, and its response was too large to be stored. */
  | "answer-not-kept";

/**
 * A request with an Idempotency-Key reached an idempotent handler. The claim behind it is a `dedup` event,
 * reported before this one. A request that is run each time, or that is rejected for its key or its body,
 * reports nothing; when the store failed, `failure` and `dedup` events report it.
 */
export interface IdempotencyEvent {
  readonly kind: "idempotency";
  readonly state: IdempotencyState;
  /** For "conflict"; absent for the others. */
  readonly reason?: ConflictReason;
}

/** Called with each event. Its promise is awaited when the runtime can wait; its errors are dropped. */
export type Listener = (event: HeadgateEvent) => unknown;

/** Reports an event. It never throws, and no caller waits for it. */
export type Emit = (event: HeadgateEvent) => void;

/** Returns a function that calls the listener and drops its errors, so that no caller fails because of them. */
export function emitTo(listener: Listener | undefined): Emit {
  if (!listener) return () => {};
  return (event) => void (async () => listener(event))().catch(() => {});
}
