import type { ErrorCode } from "./errors.ts";

/** The code of a doubt; docs/reference/errors.md has a section for each. */
type DoubtCode = Extract<
  ErrorCode,
  | "CLIENT_ADDRESS_HEADER_ABSENT"
  | "CLIENT_ADDRESS_HEADER_UNCONFIGURED"
  | "CLIENT_ADDRESS_MORE_HOPS"
  | "IDENTITY_UNRESOLVED"
  | "VISITOR_SECRET_GUESSABLE"
>;

/** A sign that requests may be counted as the wrong client. It holds no value of a request. */
export interface Doubt {
  /** The code, which docs/reference/errors.md explains. */
  readonly code: DoubtCode;
  /** "info" when a client could have forged the sign, "warn" when the sign is certain. */
  readonly level: "info" | "warn";
  /** One or two sentences for a person, which end with the place that says more. */
  readonly message: string;
}

/**
 * Makes a doubt. Its message ends with the section of the docs that explains it. When a client could have
 * forged the sign, the message also says that nothing may be wrong.
 */
export function doubtOf(code: DoubtCode, level: Doubt["level"], words: string): Doubt {
  const calm = level === "info" ? " Else nothing is wrong." : "";
  return {
    code,
    level,
    message: `${words}${calm} See headgate/docs/reference/errors.md#${code.toLowerCase()}.`,
  };
}
