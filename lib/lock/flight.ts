import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { createVault, type Vault } from "#lib/core/vault";
import { isStoreFailure, StoreError } from "#lib/redis/errors";
import { runScriptWithRetry, type Script } from "#lib/redis/script";
import {
  askFor,
  leftOf,
  type LockNames,
  namesOf,
  notAcquired,
  readAnswer,
  tellContended,
  Waiting,
} from "./acquire.ts";
import { holdLock, type Lock } from "./held.ts";
import { type HoldMs, readDuration, readHold, readWait, type WaitOptions } from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { ACQUIRE, ACQUIRE_OR_READ, PUBLISH, RELEASE } from "./scripts.ts";

export interface FlightOptions extends WaitOptions {
  /** For how long a result is everybody's who asks. */
  readonly resultTtl: Duration;
  /**
   * For how long an error is everybody's who asks, and nobody tries again.
   * @default "1 second"
   */
  readonly errorTtl?: Duration;
  /** How an error comes to those who wait. @default its message, as LOCK_FLIGHT_FAILED */
  readonly errors?: SharedErrors;
  /**
   * What happens when the store fails or refuses: "throw" its error, or "run" the work alone.
   * @default "throw"
   */
  readonly onStoreFailure?: "throw" | "run";
}

/** How an error of the one who ran becomes an error of those who waited. */
export interface SharedErrors {
  /** What JSON can say of it; undefined where the others are to try themselves. */
  write(error: unknown): unknown;
  /** What the others are thrown. */
  read(written: unknown): unknown;
}

/** What a flight brought. */
export interface Landed<T> {
  readonly value: T;
  /** Whether another had run for it. */
  readonly isShared: boolean;
}

/**
 * Has one of all who ask at the same time do the work, on whichever instance; the others get its
 * result, as JSON says it, or its error. One that dies is replaced when its lease has ended. Who runs
 * has looked for a result in the same step in which it took the lock.
 *
 * @throws {HeadgateError} LOCK_BAD_ARGUMENT; LOCK_NOT_ACQUIRED where the wait was over first;
 * LOCK_FLIGHT_FAILED, or what `errors` makes of it, where another ran and failed
 * @throws {StoreError} when the store fails or refuses and `onStoreFailure` is "throw"
 * @throws the signal's reason, where that ended the wait
 * @throws whatever the work throws
 */
export type SingleFlight = <T>(
  key: string,
  work: (lock: Lock | undefined) => Promise<T>,
  options: FlightOptions,
) => Promise<Landed<T>>;

/**
 * The largest result that is kept, in bytes of its JSON in UTF-8: 720 KiB. Sealed it is larger by a
 * third, and with its script still below the 1 MB that a REST store takes in one request.
 */
const MAX_BYTES = 720 * 1024;

/** Makes `singleFlight`. */
export function createFlights(parts: LocksOptions): SingleFlight {
  const vault = createVault(parts.secret);
  return async (key, work, options) => new Flight(parts, vault, key, options).fly(work);
}

/** One call of `singleFlight`. */
class Flight {
  readonly #parts: LocksOptions;
  readonly #vault: Vault;
  readonly #options: FlightOptions;
  /** How the lock is held. */
  readonly #hold: HoldMs;
  /** For how long a result is kept, in milliseconds. */
  readonly #resultTtl: number;
  /** For how long an error is kept, in milliseconds. */
  readonly #errorTtl: number;
  /** The names of the lock in Redis. */
  readonly #names: LockNames;
  /** The name of the result in Redis. */
  readonly #result: string;
  readonly #waiting: Waiting;
  /** What is kept with the lock's release, sealed; without it those who wait try themselves. */
  #kept: { readonly outcome: string; readonly keepMs: number } | undefined;

  constructor(parts: LocksOptions, vault: Vault, key: string, options: FlightOptions) {
    this.#parts = parts;
    this.#vault = vault;
    this.#options = options;
    this.#hold = readHold(options);
    this.#resultTtl = readDuration("resultTtl", options.resultTtl);
    this.#errorTtl = readDuration("errorTtl", options.errorTtl ?? "1 second");
    const { hash, names } = namesOf(parts, key);
    this.#names = names;
    this.#result = parts.keys.flight(hash);
    this.#waiting = new Waiting(readWait(options), options.signal, parts.time);
  }

  async fly<T>(work: (lock: Lock | undefined) => Promise<T>): Promise<Landed<T>> {
    for (;;) {
      const boarded = await this.#board().catch((error: unknown) => {
        // A store that refuses tells as little about the lock as one that does not answer.
        if (!(error instanceof StoreError) || this.#options.onStoreFailure !== "run") throw error;
      });
      if (!boarded) return { value: await work(undefined), isShared: false };
      if ("token" in boarded) return { value: await this.#run(boarded, work), isShared: false };
      // Kept by this app's own work: of another release it may have another form.
      if ("landed" in boarded) return { value: this.#told(boarded.landed) as T, isShared: true };
      if (await this.#waiting.next(boarded.heldForMs)) continue;
      tellContended(this.#parts, this.#waiting.since);
      throw notAcquired(boarded.heldForMs);
    }
  }

  /** The lock, what another found, or how long its lease still runs. */
  async #board(): Promise<Boarded> {
    const found = await this.#attempt(ACQUIRE_OR_READ, [...this.#names, this.#result]);
    if (found !== "unreadable") return found;
    // A result that cannot be read, as after a change of the secret, counts as absent.
    const again = await this.#attempt(ACQUIRE, this.#names);
    if (again === "unreadable") throw new StoreError("STORE_BAD_ANSWER", "It was not to be read.");
    return again;
  }

  async #attempt(script: Script, names: LockNames): Promise<Boarded | "unreadable"> {
    const { token, askedAt, answer } = await askFor(this.#parts, script, names, this.#hold.ttl);
    if (Array.isArray(answer) && answer[0] === 2) {
      const landed = await this.#vault.open(answer[1], this.#result);
      return landed === undefined ? "unreadable" : { landed: JSON.parse(landed) as Outcome };
    }
    const [code, detail] = readAnswer(answer);
    if (code !== 1) return { heldForMs: leftOf(detail) };
    return holdLock(this.#parts, {
      ...this.#hold,
      name: names[0],
      token,
      fence: detail,
      calledAt: this.#waiting.since,
      askedAt,
      free: () => this.#free(token),
    });
  }

  async #run<T>(lock: Lock, work: (lock: Lock) => Promise<T>): Promise<T> {
    try {
      const value = await work(lock);
      await this.#keep({ value }, this.#resultTtl);
      return value;
    } catch (error) {
      const written = (this.#options.errors ?? MESSAGES).write(error);
      if (written !== undefined) await this.#keep({ error: written }, this.#errorTtl);
      throw error;
    } finally {
      await lock.release();
    }
  }

  /** What goes with the lock's release; where it cannot, the others try themselves. */
  async #keep(outcome: Outcome, keepMs: number): Promise<void> {
    try {
      const text = JSON.stringify(outcome);
      const { length } = new TextEncoder().encode(text);
      if (length > MAX_BYTES) throw tooLong(length);
      this.#kept = { outcome: await this.#vault.seal(text, this.#result), keepMs };
    } catch (error) {
      this.#parts.emit({ kind: "failure", during: "flight-keep", error });
    }
  }

  async #free(token: string): Promise<boolean> {
    const { redis } = this.#parts;
    const [name] = this.#names;
    if (!this.#kept) return (await runScriptWithRetry(redis, RELEASE, [name], [token])) === 1;
    const { outcome, keepMs } = this.#kept;
    const args = [token, outcome, keepMs];
    return (await runScriptWithRetry(redis, PUBLISH, [name, this.#result], args)) === 1;
  }

  #told({ value, error }: Outcome): unknown {
    if (error !== undefined) throw (this.#options.errors ?? MESSAGES).read(error);
    return value;
  }
}

type Boarded = Lock | { readonly landed: Outcome } | { readonly heldForMs: number };

/** What is kept for those who wait. */
interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
}

/** An error's message; a failing store's is nobody else's, since it may serve them. */
const MESSAGES: SharedErrors = {
  write(error) {
    if (isStoreFailure(error)) return undefined;
    return error instanceof Error ? error.message : String(error);
  },
  read: (message) =>
    new HeadgateError("LOCK_FLIGHT_FAILED", `Another did the work, and failed: ${String(message)}`),
};

function tooLong(length: number): HeadgateError {
  return new HeadgateError(
    "LOCK_BAD_ARGUMENT",
    `The result has ${length} bytes of JSON; allowed, to be shared: ${MAX_BYTES}.`,
  );
}
