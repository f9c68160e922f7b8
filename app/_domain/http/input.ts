import type * as z from "zod";
import { type Input, type InputError, rejectInput } from "./problem.ts";

/** A client may send a thousand wrong fields with names of any length; the response repeats only a few. */
const MAX_ERRORS = 10;
const MAX_DETAIL_LENGTH = 200;

/**
 * Checks a value against a schema; a value that does not match is rejected with 400 and a list of
 * errors.
 *
 * @param place returns the place in the request for the path of an error
 */
export function checkInput<T>(
  schema: z.ZodType<T>,
  value: unknown,
  place: (path: readonly PropertyKey[]) => Partial<InputError> = inBody,
): Input<T> {
  const checked = schema.safeParse(value);
  if (checked.success) return { ok: true, value: checked.data };
  return rejectInput(
    checked.error.issues.slice(0, MAX_ERRORS).map((issue) => ({
      ...place(issue.path),
      detail: shorten(issue.message),
    })),
  );
}

function inBody(path: readonly PropertyKey[]): Partial<InputError> {
  const steps = path.map((step) => {
    const escaped = String(step).replaceAll("~", "~0").replaceAll("/", "~1");
    return `/${encodeURIComponent(escaped)}`;
  });
  return { pointer: `#${steps.join("")}` };
}

function shorten(text: string): string {
  return text.length > MAX_DETAIL_LENGTH ? `${text.slice(0, MAX_DETAIL_LENGTH)}…` : text;
}
