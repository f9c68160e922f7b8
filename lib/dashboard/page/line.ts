import type { LookName } from "./looks.ts";

/** One line of a chart. */
export interface Line {
  readonly name: string;
  /** The unit after a value, such as " ms". */
  readonly unit: string;
  readonly look: LookName;
  /** One value for each step; null for a step without a value. */
  readonly values: readonly (number | null)[];
  readonly format: (value: number | null | undefined) => string;
}
