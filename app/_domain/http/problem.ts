import { type Problem, problemResponse } from "headgate/respond";

/** An error in one part of the input, and its place, like the example of RFC 9457, section 3. */
export interface InputError {
  readonly detail: string;
  /** A JSON Pointer (RFC 6901) into the body, as a URI fragment: "#/q". */
  readonly pointer?: string;
  /** A name in the URL's query. */
  readonly parameter?: string;
}

/** Input that a handler can use, or the response that rejects it. */
export type Input<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Response };

/** Rejects input with a problem (RFC 9457). */
export function reject(problem: Problem, headers?: HeadersInit): Input<never> {
  return { ok: false, rejection: problemResponse(problem, headers) };
}

/** Rejects input with 400 and the list of errors. */
export function rejectInput(errors: readonly InputError[]): Input<never> {
  return reject({ status: 400, title: "The request's input is not valid", errors });
}

/**
 * Makes handlers for the methods that a route does not have: Next's 405 names neither the methods of
 * the route nor the reason.
 *
 * @param allow the methods that the route has, without OPTIONS
 */
export function methodHandlers(...allow: readonly string[]) {
  const headers = { Allow: [...allow, "OPTIONS"].join(", ") };
  return {
    options: () => new Response(null, { status: 204, headers }),
    notAllowed: (request: Request) =>
      problemResponse(
        {
          status: 405,
          title: "Method not allowed",
          detail: `This route does not accept ${request.method}; it accepts ${headers.Allow}.`,
        },
        headers,
      ),
  };
}
