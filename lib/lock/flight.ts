import { HeadgateError } from "#lib/core/errors";
import { createVault, type Vault } from "#lib/core/vault";
import { isStoreFailure, StoreError } from "#lib/redis/errors";
import { runScriptWithRetry, type Script } from "#lib/redis/script";
import {
  badAnswer,
  leftOf,
  type LockNames,
  namesOf,
  notAcquired,
  readAnswer,
  reportContended,
  requestLock,
  Waiting,
} from "./acquire.ts";
import type { FlightOptions, Landed, SharedErrors, SingleFlight } from "./flight-options.ts";
import { holdLock, type Lock } from "./held.ts";
import { type HoldMs, readDuration, readHold, readWait } from "./options.ts";
import type { LocksOptions } from "./parts.ts";
import { ACQUIRE, ACQUIRE_OR_READ, PUBLISH, RELEASE } from "./scripts.ts";

/**
 * The largest result that is kept, in bytes of its JSON in UTF-8: 720 KiB. Encryption makes it a third
 * larger, which with the script is still below the 1 MB that a REST store accepts in one request.
 */
const MAX_BYTES = 720 * 1024;

/** Makes `singleFlight`. */
export function createFlights(parts: LocksOptions): SingleFlight {
  const vault = createVault(parts.secret);
  return async (key, work, options) => new Flight(parts, vault, key, options).fly(work);
}

class Flight {
  readonly #parts: LocksOptions;
  readonly #vault: Vault;
  readonly #options: FlightOptions;
  readonly #hold: HoldMs;
  /** For how long a result is kept, in milliseconds. */
  readonly #resultTtl: number;
  /** For how long an error is kept, in milliseconds. */
  readonly #errorTtl: number;
  readonly #names: LockNames;
  /** The name of the result in Redis. */
  readonly #result: string;
  readonly #waiting: Waiting;
  /**
   * The encrypted outcome to store when the lock is released; without it the callers that wait run the
   * work themselves.
   */
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
      const found = await this.#find().catch((error: unknown) => {
        // A store that rejects the call tells as little about the lock as one that does not answer.
        if (!(error instanceof StoreError) || this.#options.onStoreFailure !== "run") throw error;
      });
      if (!found) return { value: await work(undefined), isShared: false };
      if ("token" in found) return { value: await this.#run(found, work), isShared: false };
      // The value has the caller's type T, unless another release of the app wrote it.
      if ("outcome" in found) return { value: this.#unwrap(found.outcome) as T, isShared: true };
      if (await this.#waiting.next(found.heldForMs)) continue;
      reportContended(this.#parts, this.#waiting.since);
      throw notAcquired(found.heldForMs);
    }
  }

  /** Returns the lock, the outcome that another caller kept, or the rest of the holder's lock TTL. */
  async #find(): Promise<Found> {
    const found = await this.#attempt(ACQUIRE_OR_READ, [...this.#names, this.#result]);
    if (found !== "unreadable") return found;
    // A result that cannot be decrypted, for example after a change of the secret, counts as absent.
    const again = await this.#attempt(ACQUIRE, this.#names);
    if (again === "unreadable") throw badAnswer();
    return again;
  }

  async #attempt(script: Script, names: LockNames): Promise<Found | "unreadable"> {
    const { token, requestedAt, answer } = await requestLock(
      this.#parts,
      script,
      names,
      this.#hold.ttl,
    );
    if (Array.isArray(answer) && answer[0] === 2) {
      const outcome = await this.#vault.open(answer[1], this.#result);
      return outcome === undefined ? "unreadable" : { outcome: JSON.parse(outcome) as Outcome };
    }
    const [code, detail] = readAnswer(answer);
    if (code !== 1) return { heldForMs: leftOf(detail) };
    return holdLock(this.#parts, {
      ...this.#hold,
      name: names[0],
      token,
      fence: detail,
      calledAt: this.#waiting.since,
      requestedAt,
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

  /**
   * Sets the outcome to store with the release. When it cannot be stored, the other callers run the
   * work themselves.
   */
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

  #unwrap({ value, error }: Outcome): unknown {
    if (error !== undefined) throw (this.#options.errors ?? MESSAGES).read(error);
    return value;
  }
}

type Found = Lock | { readonly outcome: Outcome } | { readonly heldForMs: number };

/** The outcome that is kept for the callers that wait. */
interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
}

/**
 * Passes on an error's message. A store failure is not passed on, because the store may work for the
 * other callers.
 */
const MESSAGES: SharedErrors = {
  write(error) {
    if (isStoreFailure(error)) return undefined;
    return error instanceof Error ? error.message : String(error);
  },
  read: (message) =>
    new HeadgateError(
      "LOCK_FLIGHT_FAILED",
      `Another caller ran the work, and it failed: ${String(message)}`,
    ),
};

function tooLong(length: number): HeadgateError {
  return new HeadgateError(
    "LOCK_BAD_ARGUMENT",
    `The result is ${length} bytes of JSON; a result that is shared must be at most ${MAX_BYTES} bytes.`,
  );
}
