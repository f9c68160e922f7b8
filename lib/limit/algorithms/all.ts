import type { AlgorithmDefinition } from "./definition.ts";
import * as registry from "./registry.ts";

/** The name of an algorithm; docs/concepts/algorithms.md states the bound of each. */
export type Algorithm = (typeof registry)[keyof typeof registry]["name"];

/** Every algorithm: first the defaults, that for the smallest limits first, then the others by name. */
export const ALGORITHMS: readonly AlgorithmDefinition<Algorithm>[] = Object.values<
  AlgorithmDefinition<Algorithm>
>(registry).toSorted(({ defaultUpTo: a = Infinity }, { defaultUpTo: b = Infinity }) => a - b);

/** The algorithms, in the order in which they try to read the state of a key. */
export const KEEPERS: readonly AlgorithmDefinition<Algorithm>[] = ALGORITHMS.toSorted(
  ({ readsOthers: a = 0 }, { readsOthers: b = 0 }) => Number(a) - Number(b),
);

export const ALGORITHM_NAMES: readonly Algorithm[] = ALGORITHMS.map(({ name }) => name);

/** Returns the default algorithm of a limit. */
export function defaultAlgorithm(limit: number): Algorithm {
  const isDefault = ({ defaultUpTo = 0 }: AlgorithmDefinition) => limit <= defaultUpTo;
  return (ALGORITHMS.find(isDefault) as AlgorithmDefinition<Algorithm>).name;
}

/** Returns the largest limit that an algorithm allows; Infinity without such a bound. */
export function largestLimitOf(algorithm: Algorithm): number {
  return ALGORITHMS.find(({ name }) => name === algorithm)?.largestLimit ?? Infinity;
}
