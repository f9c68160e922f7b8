import { type Clock, monotonic } from "#lib/core/clock";
import { isStoreFailure, type StoreError } from "./errors.ts";
import type { StoreErrorCode } from "./replies.ts";

/** What the end of a call says of the store. */
export type Outcome =
  /** A script ran: the store does what Headgate needs. */
  | { readonly kind: "works" }
  /** Redis answered, and neither ran a script nor refused one: the connection works. */
  | { readonly kind: "answers" }
  | {
      readonly kind: "fails";
      readonly error: StoreError;
      /** True where Redis answered and refused a script: it may well serve other commands. */
      readonly refusesScripts: boolean;
    };

type Failure = Extract<Outcome, { kind: "fails" }>;

/** Failures in a row after which no call is tried. */
const FAILURES = 5;

/** How long it then waits before one call tries whether the store works again, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

/** Whether calls are tried. */
export interface BreakerChange {
  readonly state: "open" | "closed";
  /** The failure that opened it; the last one, where it is closed again. */
  readonly error: StoreError;
}

export interface BreakerOptions {
  /**
   * Milliseconds after which a probe that did not end is given up: where the request that sent it has
   * ended, the runtime may have stopped the call.
   */
  readonly probeMs: number;
  /** Called when it opens and when it closes. It must not throw. */
  readonly onChange?: ((change: BreakerChange) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** A call that may be tried. */
export interface Attempt {
  /** Called when the call came to its end, unless its request went away before. */
  ended(outcome: Outcome): void;
}

/**
 * A circuit breaker: knows of a store that fails, so that no request waits for it in vain. It opens after
 * five failures in a row; then one call at a time tries the way back, after 100 ms, and twice as long
 * after each that fails, at most 3 s. No request waits for another's probe: workerd and Vercel's edge
 * forbid it.
 *
 * What failed must work before it closes. Any answer shows that a connection works. Scripts that
 * Redis refused must run again: until then other commands are tried as ever, and show nothing.
 */
export class Breaker {
  readonly #probeMs: number;
  readonly #onChange: BreakerOptions["onChange"];
  readonly #clock: Clock;
  /** Failures in a row. */
  #failures = 0;
  /** How long the next probe waits, in milliseconds. */
  #waitMs = FIRST_WAIT_MS;
  /** When a probe may be sent, in milliseconds of the clock. */
  #probeAt = 0;
  #last: Failure | undefined;

  constructor({ probeMs, onChange, clock = monotonic }: BreakerOptions) {
    this.#probeMs = probeMs;
    this.#onChange = onChange;
    this.#clock = clock;
  }

  /**
   * Returns the attempt, or the failure because of which none is made.
   *
   * @param runsScripts whether the call runs a script
   */
  admit(runsScripts: boolean): Attempt | StoreError {
    if (!this.#isOpen() || !this.#last) return this.#call;
    if (this.#last.refusesScripts && !runsScripts) return this.#call;
    const now = this.#clock();
    if (now < this.#probeAt) return this.#last.error;
    this.#probeAt = now + this.#probeMs;
    return this.#probe;
  }

  readonly #call: Attempt = {
    ended: (outcome) => {
      if (this.#refutesLast(outcome)) return this.#reset();
      if (outcome.kind !== "fails") return;
      if (!this.#isOpen()) return this.#count(outcome);
      // A call from before it opened says nothing new, unless the connection fails as well now.
      if (!outcome.refusesScripts) this.#last = outcome;
    },
  };

  readonly #probe: Attempt = {
    ended: (outcome) => {
      if (this.#refutesLast(outcome)) return this.#reset();
      if (outcome.kind === "fails") {
        this.#last = outcome;
        this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
        this.#probeAt = this.#clock() + this.#waitMs;
      } else {
        // It showed nothing, so that the next call may try at once.
        this.#probeAt = this.#clock();
      }
    },
  };

  #isOpen(): boolean {
    return this.#failures >= FAILURES;
  }

  #refutesLast({ kind }: Outcome): boolean {
    return kind === "works" || (kind === "answers" && !this.#last?.refusesScripts);
  }

  #reset(): void {
    const wasOpen = this.#isOpen();
    this.#failures = 0;
    if (wasOpen && this.#last) this.#onChange?.({ state: "closed", error: this.#last.error });
  }

  #count(failure: Failure): void {
    this.#failures += 1;
    this.#last = failure;
    if (!this.#isOpen()) return;
    this.#waitMs = FIRST_WAIT_MS;
    this.#probeAt = this.#clock() + this.#waitMs;
    this.#onChange?.({ state: "open", error: failure.error });
  }
}

/** Headgate's limits, claims and locks are sent as these commands and no other. */
const SCRIPTS: ReadonlySet<string> = new Set(["EVAL", "EVALSHA"]);

/** Codes of replies that concern some commands: another command may still be served. */
const CONCERNS_SOME: ReadonlySet<StoreErrorCode> = new Set([
  "STORE_OUT_OF_MEMORY",
  "STORE_READ_ONLY",
  "STORE_NOT_PERMITTED",
]);

/** Returns true when a command runs a script. */
export function isScript(command: string): boolean {
  return SCRIPTS.has(command);
}

/**
 * Returns what a call that Redis answered says of the store. A script that ran outweighs one that was
 * refused, and any answer outweighs a command other than a script that was refused, because a store
 * that answers some calls is worth asking.
 *
 * @param commands the names of the commands
 * @param errors of each command, undefined where it has a result
 */
export function outcomeOf(
  commands: readonly string[],
  errors: readonly (StoreError | undefined)[],
): Outcome {
  const scripts = errors.filter((_, i) => isScript(commands[i] ?? ""));
  if (scripts.includes(undefined)) return { kind: "works" };
  const refused = scripts.find(isStoreFailure);
  if (refused) return { kind: "fails", error: refused, refusesScripts: true };
  const failed = errors.filter(isStoreFailure).filter(({ code }) => !CONCERNS_SOME.has(code));
  const [error] = failed;
  if (!error || failed.length < errors.length) return { kind: "answers" };
  return { kind: "fails", error, refusesScripts: false };
}

/** Returns what a call that threw says of the store. */
export function outcomeOfThrown(commands: readonly string[], error: unknown): Outcome {
  if (!isStoreFailure(error)) return { kind: "answers" };
  if (error.reply === undefined) return { kind: "fails", error, refusesScripts: false };
  return outcomeOf(
    commands,
    commands.map(() => error),
  );
}
