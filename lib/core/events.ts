import type { Decision } from "./decision.ts";
import type { Doubt } from "./doubt.ts";
import type { GateMode } from "./mode.ts";
import type { OnStoreFailure } from "./on-store-failure.ts";

/**
 * Everything that Headgate tells a listener. docs/reference/events.md has each event and each field; a test
 * compares it with these types. No event holds personal data, or the key of a lock or a claim; a client key is only
 * what a decision's `clients()` returns.
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
  /** The pattern by which each rule matched, as the policy has it, by the rule's name; empty for calls from code. */
  readonly patterns: Readonly<Record<string, string>>;
  /** What the rules say of a failing store; tells why a failed check passed. */
  readonly onStoreFailure: OnStoreFailure;
  /** False where an address was counted that could not be told: with all others like it. */
  readonly addressKnown: boolean;
  /**
   * Returns the client key that each limit counts, by the limit's name in RateLimit headers: the keyed hash,
   * never an address or a name. A function, so that no event that is written as JSON holds one. Absent
   * where no limit was looked at.
   */
  readonly clients?: () => Readonly<Record<string, string>>;
  /** HEADGATE_MODE: in "shadow" no request was denied, whatever was decided. */
  readonly mode: GateMode;
  /**
   * Names the request where it was denied, a rule in shadow would have denied it, or the store failed;
   * undefined elsewhere and for calls from code.
   */
  readonly requestId: string | undefined;
  /** When it was decided: milliseconds since 1970, on the instance's clock. */
  readonly decidedAt: number;
  /** Milliseconds from asking to deciding. */
  readonly tookMs: number;
}

/**
 * A client used 80 % of a limit with this request, or more, and had used less before it: told once on the
 * way up, and not for a client that is over the limit.
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
  /** How many commands it was. */
  readonly commands: number;
  /** Milliseconds from sending to the answer; 0 for a call that was not sent. */
  readonly tookMs: number;
  /** Why it failed; absent where it did not. Its code is STORE_NOT_TRIED where the breaker is open. */
  readonly error?: Error;
}

/** The breaker of the store opened or closed. */
export interface BreakerEvent {
  readonly kind: "breaker";
  /** "open" after so many calls failed that no call is sent; "closed" when calls are sent again. */
  readonly state: "open" | "closed";
  /** The failure that opened the breaker; the last failure, where the breaker closed again. */
  readonly error: Error;
}

/** A client may be counted as another than was meant. Each cause is told once. */
export interface AddressEvent extends Doubt {
  readonly kind: "address";
}

/** What was being done when it failed. docs/reference/events.md says what follows from each. */
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

/** Something failed, and no caller was given the error. */
export interface FailureEvent {
  readonly kind: "failure";
  readonly during: FailureCode;
  /** The identity or condition whose resolver failed, or what the app calls its own work; absent for the others. */
  readonly name?: string;
  readonly error: unknown;
}

/** A lock was acquired, found held by another, lost, or released. */
export interface LockEvent {
  readonly kind: "lock";
  /** "contended": an attempt ended without the lock, since another holder had it. */
  readonly state: "acquired" | "contended" | "lost" | "released";
  /** Milliseconds from the call until it had the lock or gave up; absent for "lost" and "released". */
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
  /** False where the store failed and `onStoreFailure` decided what the claim is; absent for "lost". */
  readonly isCertain?: boolean;
  /** Why the claim was lost: DEDUP_CLAIM_LOST; absent for the others. */
  readonly error?: Error;
}

/** A request with an Idempotency-Key came to a handler that is idempotent. */
export interface IdempotencyEvent {
  readonly kind: "idempotency";
  readonly state: "ran" | "replayed" | "conflict";
  /** Why the request was neither run nor answered as before; absent for the others. */
  readonly reason?: "in-progress" | "other-request" | "answer-not-kept";
}

/** Called with events. Its promise is awaited where something can wait; an error of it is dropped. */
export type Listener = (event: HeadgateEvent) => unknown;

/** Reports an event. It never throws, and no caller waits for it. */
export type Emit = (event: HeadgateEvent) => void;

/** Returns what tells a listener: an error of the listener is dropped, so no caller fails because of it. */
export function emitTo(listener: Listener | undefined): Emit {
  if (!listener) return () => {};
  return (event) => void (async () => listener(event))().catch(() => {});
}
