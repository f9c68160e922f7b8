import type { World } from "./world.ts";

/** A test of the package in a new app. */
export interface Case {
  readonly name: string;
  /** The name in the table of results. */
  readonly what: string;
  /**
   * Makes and tests the app. Resolves to the results, and rejects with the faults.
   *
   * @param say called with each step when it begins
   */
  run(world: World, say: (line: string) => void): Promise<string>;
}
