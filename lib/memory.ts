/** Counts limits in memory: for development without a store, and for tests. */
import { MemoryLimits, type MemoryOptions } from "#lib/limit/stores/memory";

export { MemoryLimits, type MemoryOptions } from "#lib/limit/stores/memory";

/**
 * Returns the `limitStore` of a gate that counts in the memory of its process: for development without a
 * store, and for tests. No limit calls the store then. Each process counts for itself, and so does each
 * bundle of an app: what handlers count, middleware does not know.
 *
 * Development without a store counts so by itself. Production without one does not count, also with this:
 * `gate.check()` says what is missing, and each rule's `onStoreFailure` decides.
 *
 * @param options the clock, in milliseconds, and the most keys that are counted
 * @example
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), limitStore: memoryLimits() }));
 */
export function memoryLimits(options: MemoryOptions = {}): () => MemoryLimits {
  return () => new MemoryLimits(options);
}
