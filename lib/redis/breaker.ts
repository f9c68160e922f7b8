import { type Clock, monotonic } from "#lib/core/clock";
import { isStoreFailure, type StoreError } from "./errors.ts";
import type { StoreErrorCode } from "./replies.ts";

/** The result of a call, as evidence of the state of the store. */
export type Outcome =
  /** A script ran: the store does what Headgate needs. */
  | { readonly kind: "works" }
  /** Redis answered, and neither ran nor rejected a script: the connection works. */
  | { readonly kind: "answers" }
  | {
      readonly kind: "fails";
      readonly error: StoreError;
      /** True when Redis answered and rejected a script: it may still serve other commands. */
      readonly rejectsScripts: boolean;
    };

type Failure = Extract<Outcome, { kind: "fails" }>;

/** Failures in a row that open the breaker. */
const FAILURES = 5;

/** The pauses before a probe: the first and the longest, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

/** A change of the breaker's state. */
export interface BreakerChange {
  /** "open": no calls are sent; "closed": calls are sent again. */
  readonly state: "open" | "closed";
  /** The failure that opened the breaker; the last failure when it closes. */
  readonly error: StoreError;
}

export interface BreakerOptions {
  /**
   * Milliseconds after which a probe without a result is abandoned: the runtime may stop the call when the
   * request that sent it ends.
   */
  readonly probeMs: number;
  /** Called when the breaker opens and when it closes. It must not throw. */
  readonly onChange?: ((change: BreakerChange) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** A call that may be sent. */
export interface Attempt {
  /** Called when the call has ended, unless the runtime stopped it with its request. */
  ended(outcome: Outcome): void;
}

/**
 * A circuit breaker, so that requests do not wait for a store that fails. It opens after five failures in a
 * row. Then one call at a time is sent as a probe: the first after 100 ms, and after each failed probe the
 * pause doubles, up to 3 s. No request waits for the probe of another request: workerd and Vercel's edge
 * forbid it.
 *
 * The breaker closes when the failed function works again. After connection failures any answer closes it.
 * After rejected scripts a script must run: until then other commands are sent as usual and do not close it.
 */
export class Breaker {
  readonly #probeMs: number;
  readonly #onChange: BreakerOptions["onChange"];
  readonly #clock: Clock;
  /** Failures in a row. */
  #failures = 0;
  /** The pause before the next probe, in milliseconds. */
  #waitMs = FIRST_WAIT_MS;
  /** The time from which a probe may be sent, in milliseconds of the clock. */
  #probeAt = 0;
  #last: Failure | undefined;

  constructor({ probeMs, onChange, clock = monotonic }: BreakerOptions) {
    this.#probeMs = probeMs;
    this.#onChange = onChange;
    this.#clock = clock;
  }

  /**
   * Returns the attempt, or the failure because of which the call must not be sent.
   *
   * @param runsScripts whether the call runs a script
   */
  admit(runsScripts: boolean): Attempt | StoreError {
    if (!this.#isOpen() || !this.#last) return this.#call;
    if (this.#last.rejectsScripts && !runsScripts) return this.#call;
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
      // The call was sent before the breaker opened. It adds information only if the connection fails, too.
      if (!outcome.rejectsScripts) this.#last = outcome;
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
        // The result is no evidence, so the next call may be sent as a probe at once.
        this.#probeAt = this.#clock();
      }
    },
  };

  #isOpen(): boolean {
    return this.#failures >= FAILURES;
  }

  #refutesLast({ kind }: Outcome): boolean {
    return kind === "works" || (kind === "answers" && !this.#last?.rejectsScripts);
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

/** The commands that run scripts. Limits, claims and locks use no other commands. */
const SCRIPTS: ReadonlySet<string> = new Set(["EVAL", "EVALSHA"]);

/** Codes of replies that concern some commands only: another command may still be served. */
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
 * Returns the outcome of a call that Redis answered. It is "works" if any script ran, and "fails" if scripts
 * were rejected and none ran. Without scripts any result makes it "answers", because a store that serves
 * some commands is worth calling.
 *
 * @param commands the names of the commands
 * @param errors the error of each command, undefined when it has a result
 */
export function outcomeOf(
  commands: readonly string[],
  errors: readonly (StoreError | undefined)[],
): Outcome {
  const scripts = errors.filter((_, i) => isScript(commands[i] ?? ""));
  if (scripts.includes(undefined)) return { kind: "works" };
  const rejected = scripts.find(isStoreFailure);
  if (rejected) return { kind: "fails", error: rejected, rejectsScripts: true };
  const failed = errors.filter(isStoreFailure).filter(({ code }) => !CONCERNS_SOME.has(code));
  const [error] = failed;
  if (!error || failed.length < errors.length) return { kind: "answers" };
  return { kind: "fails", error, rejectsScripts: false };
}

/** Returns the outcome of a call that threw. */
export function outcomeOfThrown(commands: readonly string[], error: unknown): Outcome {
  if (!isStoreFailure(error)) return { kind: "answers" };
  if (error.reply === undefined) return { kind: "fails", error, rejectsScripts: false };
  return outcomeOf(
    commands,
    commands.map(() => error),
  );
}
