/** The forms that an export can have: types alone. */
import type { MagicString } from "magic-string";
import type { Node } from "#lib/source/parse";
import type { Style } from "./style.ts";

/** The function of a file that Next runs, and the ways to put another in its place. */
export interface Runner {
  /** The name that it has in the file once it is exported no more. */
  readonly own: string;
  /** The offset from which that name has its value: 0 where it has it from the first statement on. */
  readonly readyAt: number;
  /** Exports another name in its place. */
  readonly exportInstead: (text: MagicString, gated: string) => void;
  /** Where the place of its export can hold the call that wraps it. */
  readonly inPlace?: {
    readonly at: number;
    /** @param before the call up to the function, `after` what ends it */
    readonly write: (text: MagicString, before: string, after: string) => void;
  };
}

/** What is known of a file. */
export interface Parsed {
  readonly source: string;
  readonly body: readonly Node[];
  readonly style: Style;
  /** The name that Next prefers to the default export. */
  readonly name: "middleware" | "proxy";
}
