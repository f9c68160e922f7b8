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
  readonly rules: readonly string[];
  readonly decision: Decision;
  /** The request's method; undefined for calls from code. */
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
   * failed; otherwise undefined, as for calls from code.
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

/** The breaker of the store opened or closed. */
export interface BreakerEvent {
  readonly kind: "breaker";
  /** "open" when no more calls are sent, after too many failed; "closed" when calls are sent again. */
  readonly state: "open" | "closed";
  /** The failure that opened the breaker; the last failure when the breaker closes. */
  readonly error: Error;
}

/** Requests may be counted as the wrong client. Each cause is reported once. */
export interface AddressEvent extends Doubt {
  readonly kind: "address";
}

/** The work that failed. docs/reference/events.md lists the consequences of each. */
export type FailureCode =
  | "identity"
  | "denied-hook"
  | "report"
  | "lock-acquire"
  | "lock-renew"
  | "lock-release"
  | "flight-keep"
  | "dedup-claim"
  | "dedup-commit"
  | "dedup-release"
  | "dedup-read"
  | "idempotency-keep"
  | "control"
  | "app";

/** Work failed, and no caller received the error. */
export interface FailureEvent {
  readonly kind: "failure";
  readonly during: FailureCode;
  /** The identity or condition whose resolver failed, or the app's name for its own work; otherwise absent. */
  readonly name?: string;
  readonly error: unknown;
}

/** A lock was acquired, was found to be held, was lost, or was released. */
export interface LockEvent {
  readonly kind: "lock";
  /** "contended": an attempt ended without the lock, since another holder had it. */
  readonly state: "acquired" | "contended" | "lost" | "released";
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

/** A key was claimed or counted, or a claim was lost while its work ran. */
export interface DedupEvent {
  readonly kind: "dedup";
  readonly state: "first" | "duplicate" | "in-progress" | "other-payload" | "lost";
  /** False when the store failed and `onStoreFailure` decided the state; absent for "lost". */
  readonly isCertain?: boolean;
  /** Why the claim was lost: DEDUP_CLAIM_LOST; absent for the others. */
  readonly error?: Error;
}

/** A request with an Idempotency-Key reached an idempotent handler. */
export interface IdempotencyEvent {
  readonly kind: "idempotency";
  readonly state: "ran" | "replayed" | "conflict";
  /** Why the handler neither ran nor replayed a response; absent for the others. */
  readonly reason?: "in-progress" | "other-request" | "answer-not-kept";
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
