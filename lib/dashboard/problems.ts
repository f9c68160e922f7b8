import { type HeadgateError, isHeadgateError } from "#lib/core/errors";
import type { Problem } from "#lib/respond/problem";

/** What a person may set right, by the code of the error: the status, and what stands above the reason. */
const KNOWN: ReadonlyMap<string, readonly [status: number, title: string]> = new Map([
  ["CONTROL_BAD_ENTRY", [400, "This cannot be set"]],
  ["CONTROL_BAD_ARGUMENT", [400, "This cannot be set"]],
  ["CONTROL_NEEDS_SECRET", [409, "HEADGATE_SECRET is not set"]],
  ["CONTROL_FULL", [409, "Too much is set"]],
  ["CONTROL_NO_ENTRY", [404, "There is no such entry"]],
  ["LIMIT_BAD_ARGUMENT", [400, "This is no client key"]],
  ["LIMIT_UNKNOWN_RULE", [400, "There is no such rule"]],
  ["LIMIT_NOT_IN_STORE", [409, "Limits are not counted in the store"]],
]);

/** Returns an error in words for a person; undefined for one of which only the log should tell. */
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
    detail: `The call failed (${code}). What was to be changed may be changed or not: look at what is set before trying again.`,
    code,
  };
}

/** The answer to what another site's page, or no page, sends. */
export const FOREIGN: Problem = {
  status: 403,
  title: "The request is not from this page",
  detail:
    "Only the dashboard's own page may change what is set. Where it is, a proxy has changed the Host header: docs/operate/dashboard.md.",
};

/** The answer to a viewer who may not change anything. */
export const NO_ADMIN: Problem = {
  status: 403,
  title: "You may not change what is set",
  detail: "The dashboard's `admin` function names no admin for this request.",
};

/** The answer where something failed that is no fault of the request. */
export const FAILED: Problem = {
  status: 500,
  title: "This failed",
  detail: "An event of the kind failure says why; the log has it.",
};
