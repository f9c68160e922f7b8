import type { IncomingHttpHeaders } from "node:http";

/** The id of a Server Action: Next 15 and 16 have 42 hexadecimal digits, Next 14 has 40. */
const ACTION_ID = /^[0-9a-f]{40,64}$/i;

/**
 * Returns the problem of a request's malformed headers; undefined when they are valid. Next reads these headers,
 * returns 500 or 404 for a malformed one, and writes it into the log.
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
