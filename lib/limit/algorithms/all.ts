import type { AlgorithmDefinition } from "./definition.ts";
import * as registry from "./registry.ts";

/** How the requests in a window are counted; docs/algorithms.md states the bound of each. */
export type Algorithm = (typeof registry)[keyof typeof registry]["name"];

/** Every algorithm: the defaults, from the one for the smallest limits on, and then by name. */
export const ALGORITHMS: readonly AlgorithmDefinition<Algorithm>[] = Object.values<
  AlgorithmDefinition<Algorithm>
>(registry).toSorted(({ defaultUpTo: a = Infinity }, { defaultUpTo: b = Infinity }) => a - b);

/** The algorithms, in the order in which they are asked whose state a key holds. */
export const KEEPERS: readonly AlgorithmDefinition<Algorithm>[] = ALGORITHMS.toSorted(
  ({ readsOthers: a = 0 }, { readsOthers: b = 0 }) => Number(a) - Number(b),
);

export const ALGORITHM_NAMES: readonly Algorithm[] = ALGORITHMS.map(({ name }) => name);

/** Returns the algorithm of a limit for which none is chosen. */
export function defaultAlgorithm(limit: number): Algorithm {
  const isDefault = ({ defaultUpTo = 0 }: AlgorithmDefinition) => limit <= defaultUpTo;
  return (ALGORITHMS.find(isDefault) as AlgorithmDefinition<Algorithm>).name;
}

/** Returns the largest limit that an algorithm can have; Infinity where it has no such bound. */
export function largestLimitOf(algorithm: Algorithm): number {
  return ALGORITHMS.find(({ name }) => name === algorithm)?.largestLimit ?? Infinity;
}
