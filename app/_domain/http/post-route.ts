import * as z from "zod";
import { type BodyOptions, readBody } from "./body.ts";
import { failed } from "./failed.ts";
import { type Input, methodHandlers } from "./problem.ts";

/** A route that accepts a JSON body by POST. */
export interface PostRoute<Body, Who> {
  /**
   * Returns the caller, or the response that rejects the request: `anyCaller`, `signedIn` or `admin` of
   * auth/caller.
   */
  readonly caller: (request: Request) => Promise<Input<Who>>;
  /** The schema of the body: a strict object, so that an unknown field is rejected. */
  readonly body: z.ZodType<Body>;
  /** How the body is read, when the defaults do not fit. */
  readonly reading?: BodyOptions<Body>;
  /** The logic of the route; it may throw a `ProblemError`. */
  readonly handle: (asked: { readonly body: Body; readonly caller: Who }) => Promise<Response>;
}

/** The body of a route without input: no body, or an empty object. */
export const NO_INPUT = { body: z.strictObject({}), reading: { whenEmpty: {} } };

/**
 * Makes a route's handlers, which check the caller, read the body and run the route's logic; other
 * methods get 405. Errors become problem details (RFC 9457): 503 when the store fails.
 */
export function postRoute<Body, Who>(route: PostRoute<Body, Who>) {
  const { notAllowed, options } = methodHandlers("POST");
  return {
    GET: notAllowed,
    PUT: notAllowed,
    PATCH: notAllowed,
    DELETE: notAllowed,
    OPTIONS: options,
    POST: async (request: Request): Promise<Response> => {
      try {
        return await answer(route, request);
      } catch (error) {
        return failed(error);
      }
    },
  };
}

async function answer<Body, Who>(route: PostRoute<Body, Who>, request: Request): Promise<Response> {
  const caller = await route.caller(request);
  if (!caller.ok) return caller.rejection;
  const body = await readBody(request, route.body, route.reading);
  if (!body.ok) return body.rejection;
  return route.handle({ body: body.value, caller: caller.value });
}
