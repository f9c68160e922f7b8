import type { World } from "./world.ts";

/** A trial of the package in an app that is made for it. */
export interface Case {
  readonly name: string;
  /** What is tried, for the table. */
  readonly what: string;
  /**
   * Makes the app and tries it; resolves to what was seen, and rejects with what was wrong.
   *
   * @param say is called with each step as it begins
   */
  run(world: World, say: (line: string) => void): Promise<string>;
}
