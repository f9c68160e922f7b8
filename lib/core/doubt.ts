import type { ErrorCode } from "./errors.ts";

/** What a doubt can be about; docs/client-address.md has a section for each. */
type DoubtCode = Extract<
  ErrorCode,
  | "CLIENT_ADDRESS_HEADER_ABSENT"
  | "CLIENT_ADDRESS_HEADER_UNCONFIGURED"
  | "CLIENT_ADDRESS_MORE_HOPS"
  | "IDENTITY_UNRESOLVED"
  | "VISITOR_SECRET_GUESSABLE"
>;

/** Something says that a client may be counted as another than was meant. Holds no value of a request. */
export interface Doubt {
  readonly code: DoubtCode;
  /** "info" where a client could have made it up, "warn" where it is certain. */
  readonly level: "info" | "warn";
  readonly message: string;
}

/**
 * Makes a doubt. Its message ends with the place that says more; before it, where a client could have made
 * it up, that nothing may be wrong.
 */
export function doubtOf(code: DoubtCode, level: Doubt["level"], words: string): Doubt {
  const calm = level === "info" ? " Else nothing is wrong." : "";
  return {
    code,
    level,
    message: `${words}${calm} See docs/client-address.md#${code.toLowerCase()}.`,
  };
}
