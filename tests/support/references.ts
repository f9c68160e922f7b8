import { type Algorithm, ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import type { AlgorithmReference } from "#lib/limit/algorithms/reference";

const FOLDER = "../../lib/limit/algorithms";

/** The registry has no references, so that no bundle contains them. They are found by file name. */
const REFERENCES: ReadonlyMap<Algorithm, AlgorithmReference> = new Map(
  await Promise.all(
    ALGORITHM_NAMES.map(async (name) => {
      const file = (await import(`${FOLDER}/${name}.ts`)) as { REFERENCE?: AlgorithmReference };
      if (!file.REFERENCE) throw new Error(`${name}.ts must export REFERENCE.`);
      return [name, file.REFERENCE] as const;
    }),
  ),
);

/** Returns the reference of an algorithm: its meaning and its costs. */
export function referenceOf(algorithm: Algorithm): AlgorithmReference {
  const reference = REFERENCES.get(algorithm);
  if (!reference) throw new Error(`There is no algorithm ${algorithm}.`);
  return reference;
}
