import type { IncomingHttpHeaders } from "node:http";

/** The id of a Server Action: Next 15 and 16 have 42 hexadecimal digits, Next 14 has 40. */
const ACTION_ID = /^[0-9a-f]{40,64}$/i;

/**
 * Returns why a request's headers are malformed; undefined when they are sound. These headers are
 * read by Next, which answers 500 or 404 to a malformed one and writes it into the log.
 *
 * @example
 * malformedHeader("POST", { "next-action": "x" }); // "Next-Action must be the id of a Server Action."
 */
export function malformedHeader(
  method: string | undefined,
  headers: IncomingHttpHeaders,
): string | undefined {
  const { origin } = headers;
  if (origin !== undefined && origin !== "null" && !URL.canParse(origin)) {
    return "Origin must be one origin such as https://app.example, or null.";
  }
  const action = headers["next-action"];
  if (method === "POST" && action !== undefined && !ACTION_ID.test(String(action))) {
    return "Next-Action must be the id of a Server Action.";
  }
  return undefined;
}
