/** The types of the forms that an export can have. */
import type { MagicString } from "magic-string";
import type { Node } from "#lib/source/parse";
import type { Style } from "./style.ts";

/** The function of a file that Next runs, and how another one can replace it. */
export interface Runner {
  /** Its name in the file when it is no longer exported. */
  readonly own: string;
  /** The offset from which that name has its value; 0 when it has it from the first statement on. */
  readonly readyAt: number;
  /** Exports another name instead. */
  readonly exportInstead: (text: MagicString, gated: string) => void;
  /** Wraps the function in place, if the export can contain the call. */
  readonly inPlace?: {
    readonly at: number;
    /** @param before the call up to the function; `after` ends it */
    readonly write: (text: MagicString, before: string, after: string) => void;
  };
}

/** A file after parsing. */
export interface Parsed {
  readonly source: string;
  readonly body: readonly Node[];
  readonly style: Style;
  /** The name that Next prefers to the default export. */
  readonly name: "middleware" | "proxy";
}
