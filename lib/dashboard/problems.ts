import { type HeadgateError, isHeadgateError } from "#lib/core/errors";
import type { Problem } from "#lib/respond/problem";

/** The errors that a person can correct, by code: the status and the title. */
const KNOWN: ReadonlyMap<string, readonly [status: number, title: string]> = new Map([
  ["CONTROL_BAD_ENTRY", [400, "This cannot be set"]],
  ["CONTROL_BAD_ARGUMENT", [400, "This cannot be set"]],
  ["CONTROL_NEEDS_SECRET", [409, "HEADGATE_SECRET is not set"]],
  ["CONTROL_FULL", [409, "Too much is set"]],
  ["CONTROL_NO_ENTRY", [404, "There is no such entry"]],
  ["LIMIT_BAD_ARGUMENT", [400, "This is not a client key"]],
  ["LIMIT_UNKNOWN_RULE", [400, "There is no such rule"]],
  ["LIMIT_NOT_IN_STORE", [409, "Limits are not counted in the store"]],
]);

/** Returns an error as a problem for people; undefined for an error that belongs only in the log. */
export function problemOf(error: unknown): Problem | undefined {
  if (!isHeadgateError(error)) return undefined;
  const { code, message } = error;
  const known = KNOWN.get(code);
  if (known) return { status: known[0], title: known[1], detail: message, code };
  return code.startsWith("STORE_") ? ofStore(error) : undefined;
}

function ofStore({ code }: HeadgateError): Problem {
  return {
    status: 503,
    title: "The store does not answer",
    detail: `The call failed (${code}). The change may have been made: check what is set before you try again.`,
    code,
  };
}

/** The answer to a request that is not from the dashboard's page. */
export const FOREIGN: Problem = {
  status: 403,
  title: "The request is not from this page",
  detail:
    "Only the dashboard's own page may change what is set. If you used that page, a proxy has changed the Host header: headgate/docs/operate/dashboard.md.",
};

/** The answer to a viewer who may not change anything. */
export const NO_ADMIN: Problem = {
  status: 403,
  title: "You may not change what is set",
  detail: "The dashboard's `admin` function names no admin for this request.",
};

/** The answer when something failed that is not an error of the request. */
export const FAILED: Problem = {
  status: 500,
  title: "This failed",
  detail: "The log has an event of the kind failure with the reason.",
};
