/**
 * The listener that is called with the reason why a token names no user: an error of jose, or "type" or "sub". Only
 * `headgate explain` sets it. It is in the global registry, since the command and the app may load two copies of
 * the package.
 */
export const UNVERIFIED: unique symbol = Symbol.for("headgate.unverified");

/** Calls the listener, if there is one. */
export function unverified(reason: unknown): undefined {
  (globalThis as { [UNVERIFIED]?: (reason: unknown) => void })[UNVERIFIED]?.(reason);
}
