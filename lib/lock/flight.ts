import { monotonic } from "#lib/core/clock";
import type { Duration } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import { createVault } from "#lib/core/vault";
import { isStoreFailure, StoreError } from "#lib/redis/errors";
import { runScriptWithRetry } from "#lib/redis/script";
import {
  createWaiting,
  giveUp,
  leftOf,
  namesOf,
  newToken,
  notAcquired,
  readAnswer,
} from "./acquire.ts";
import { holdLock, type Lock } from "./held.ts";
import { readDuration, readHold, readWait, type WaitOptions } from "./options.ts";
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
  const { redis, keys, secret, onFailure } = parts;
  const vault = createVault(secret);

  return async <T>(
    key: string,
    work: (lock: Lock | undefined) => Promise<T>,
    options: FlightOptions,
  ): Promise<Landed<T>> => {
    const flight = createFlight(key, options);
    const waiting = createWaiting(readWait(options), options.signal);
    for (;;) {
      const boarded = await flight.board().catch((error: unknown) => {
        // A store that refuses tells as little about the lock as one that does not answer.
        if (!(error instanceof StoreError) || options.onStoreFailure !== "run") throw error;
      });
      if (!boarded) return { value: await work(undefined), isShared: false };
      if ("lock" in boarded) return { value: await flight.run(boarded, work), isShared: false };
      // Kept by this app's own work: of another release it may have another form.
      if ("landed" in boarded) return { value: told(boarded.landed, options) as T, isShared: true };
      if (!(await waiting.next(boarded.heldForMs))) throw notAcquired(boarded.heldForMs);
    }
  };

  function createFlight(key: string, options: FlightOptions) {
    const hold = readHold(options);
    const { errors = MESSAGES } = options;
    const resultTtl = readDuration("resultTtl", options.resultTtl);
    const errorTtl = readDuration("errorTtl", options.errorTtl ?? "1 second");
    const { hash, name, names } = namesOf(parts, key);
    const result = keys.flight(hash);

    /** The lock, what another found, or how long its lease still runs. */
    async function board(): Promise<Boarded> {
      const found = await attempt(true);
      if (found !== "unreadable") return found;
      // As after a change of the secret: as good as none.
      const again = await attempt(false);
      if (again === "unreadable")
        throw new StoreError("STORE_BAD_ANSWER", "It was not to be read.");
      return again;
    }

    async function attempt(isRead: boolean): Promise<Boarded | "unreadable"> {
      const token = newToken();
      const askedAt = monotonic();
      let answer: unknown;
      try {
        answer = isRead
          ? await runScriptWithRetry(redis, ACQUIRE_OR_READ, [...names, result], [token, hold.ttl])
          : await runScriptWithRetry(redis, ACQUIRE, names, [token, hold.ttl]);
      } catch (error) {
        giveUp(parts, name, token);
        throw error;
      }
      if (Array.isArray(answer) && answer[0] === 2) {
        const landed = await vault.open(answer[1], result);
        return landed === undefined ? "unreadable" : { landed: JSON.parse(landed) as Outcome };
      }
      const [code, detail] = readAnswer(answer);
      return code === 1 ? take(token, detail, askedAt) : { heldForMs: leftOf(detail) };
    }

    function take(token: string, fence: number, askedAt: number): Running {
      const held: { outcome?: string; keepMs?: number } = {};
      const free = async () => {
        const { outcome, keepMs = 0 } = held;
        const freed =
          outcome === undefined
            ? await runScriptWithRetry(redis, RELEASE, [name], [token])
            : await runScriptWithRetry(redis, PUBLISH, [name, result], [token, outcome, keepMs]);
        return freed === 1;
      };
      const lock = holdLock(parts, { ...hold, name, token, fence, askedAt, free });
      return { lock, held };
    }

    async function run<T>({ lock, held }: Running, work: (lock: Lock) => Promise<T>): Promise<T> {
      try {
        const value = await work(lock);
        await keep(held, { value }, resultTtl);
        return value;
      } catch (error) {
        const written = errors.write(error);
        if (written !== undefined) await keep(held, { error: written }, errorTtl);
        throw error;
      } finally {
        await lock.release();
      }
    }

    /** What goes with the lock's release; where it cannot, the others try themselves. */
    async function keep(held: Running["held"], outcome: Outcome, keepMs: number): Promise<void> {
      try {
        const text = JSON.stringify(outcome);
        const { length } = new TextEncoder().encode(text);
        if (length > MAX_BYTES) throw tooLong(length);
        held.outcome = await vault.seal(text, result);
        held.keepMs = keepMs;
      } catch (error) {
        onFailure("sharing a result", error);
      }
    }

    return { board, run };
  }
}

/** The lock is ours, and what is kept when it is released. */
interface Running {
  readonly lock: Lock;
  readonly held: { outcome?: string; keepMs?: number };
}

type Boarded = Running | { readonly landed: Outcome } | { readonly heldForMs: number };

/** What is kept for those who wait. */
interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
}

function told({ value, error }: Outcome, { errors = MESSAGES }: FlightOptions): unknown {
  if (error !== undefined) throw errors.read(error);
  return value;
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
