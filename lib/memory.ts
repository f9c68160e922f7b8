/** Counts limits in memory: for development without a store, and for tests. */
import { MemoryLimits, type MemoryOptions } from "#lib/limit/stores/memory";

export { MemoryLimits, type MemoryOptions } from "#lib/limit/stores/memory";

/**
 * Returns the `limitStore` of a gate that counts in the memory of its process: for development without a
 * store, and for tests. Limits then make no store call. Each process counts separately, and so does each
 * bundle of an app: middleware does not see the counts of handlers.
 *
 * A gate in development without a store counts in memory without this option. In production without a store
 * a gate does not count even with it: `gate.check()` throws the error for the missing setting, and each
 * rule's `onStoreFailure` decides.
 *
 * @param options the clock, in milliseconds, and the most keys that are counted
 * @example
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), limitStore: memoryLimits() }));
 */
export function memoryLimits(options: MemoryOptions = {}): () => MemoryLimits {
  return () => new MemoryLimits(options);
}
