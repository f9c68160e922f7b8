import { type Problem, problemResponse } from "headgate/respond";

/** What is wrong with one part of the input, and where; after the example of RFC 9457, section 3. */
export interface InputError {
  readonly detail: string;
  /** A JSON Pointer (RFC 6901) into the body, as a URI fragment: "#/q". */
  readonly pointer?: string;
  /** A name in the URL's query. */
  readonly parameter?: string;
}

/** Input that a handler can use, or the answer that refuses it. */
export type Input<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Response };

/** Refuses input with a problem (RFC 9457). */
export function refuse(problem: Problem, headers?: HeadersInit): Input<never> {
  return { ok: false, refusal: problemResponse(problem, headers) };
}

/** Refuses input with 400 and the list of what is wrong. */
export function refuseInput(errors: readonly InputError[]): Input<never> {
  return refuse({ status: 400, title: "The request's input is not valid", errors });
}

/**
 * Handlers for the methods that a route does not have: Next's own 405 says neither which methods
 * there are nor why.
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
          detail: `${request.method} is not possible here; ${headers.Allow} are.`,
        },
        headers,
      ),
  };
}
