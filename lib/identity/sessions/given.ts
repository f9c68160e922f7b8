import { HeadgateError } from "#lib/core/errors";
import { once } from "#lib/core/lazily";

/**
 * An option, or a function that returns it. The function is called at the first request that needs the option,
 * since a policy is also read without an environment.
 */
export type Given<T> = T | (() => T | undefined);

/**
 * Returns a function that returns an option after it was read once: a value is read at once, and a function at
 * the first call. An option whose reading fails is read again.
 */
export function readGiven<T, R>(given: Given<T> | undefined, read: (value: unknown) => R): () => R {
  if (typeof given === "function") return once(() => read((given as () => unknown)()));
  const value = read(given);
  return () => value;
}

/** Returns a function that makes a value once. It keeps no promise, since in workerd a request must not wait for another's. */
export function onceMade<T extends object>(make: () => Promise<T>): () => Promise<T> {
  let made: T | undefined;
  return async () => {
    const value = made ?? (await make());
    made = value;
    return value;
  };
}

/**
 * Returns the secrets of an option: text, or a list whose empty items are left out, so that it may contain
 * variables that are not set.
 *
 * @throws {HeadgateError} IDENTITY_OPTIONS_INVALID where no secret is given
 */
export function secretsOf(resolver: string, option: string, value: unknown): readonly string[] {
  const list = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
    (each) => each !== undefined && each !== "",
  );
  if (list.length > 0 && list.every((each) => typeof each === "string")) return list;
  throw invalidOption(
    resolver,
    option,
    "text, a list of texts with the current one first, or a function that returns one of these",
  );
}

/** Makes the error for an invalid option. The error never holds the value, which may be a secret. */
export function invalidOption(resolver: string, option: string, allowed: string): HeadgateError {
  const message = `The option ${option} of ${resolver} must be ${allowed}.`;
  return new HeadgateError("IDENTITY_OPTIONS_INVALID", message);
}
