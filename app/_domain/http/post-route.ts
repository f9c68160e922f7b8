import * as z from "zod";
import { type BodyOptions, readBody } from "./body.ts";
import { failed } from "./failed.ts";
import { type Input, methodHandlers } from "./problem.ts";

/** A route that takes a JSON body by POST. */
export interface PostRoute<Body, Who> {
  /** Knows who asks, or refuses: `anyone`, `signedIn` or `admin` of auth/caller. */
  readonly caller: (request: Request) => Promise<Input<Who>>;
  /** What the body must be: a strict object, so that a field that nobody reads is refused. */
  readonly body: z.ZodType<Body>;
  /** How the body is read, where that is not as everywhere. */
  readonly reading?: BodyOptions<Body>;
  /** The route's own logic; it may throw a `ProblemError`. */
  readonly handle: (asked: { readonly body: Body; readonly caller: Who }) => Promise<Response>;
}

/** For a route that takes nothing but who asks: no body, or an empty object. */
export const NO_INPUT = { body: z.strictObject({}), reading: { whenEmpty: {} } };

/**
 * Makes a route's handlers: who asks, then what, then the route's own logic; every other method is
 * 405. What goes wrong is answered as a problem (RFC 9457): a store that fails as 503.
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
  if (!caller.ok) return caller.refusal;
  const body = await readBody(request, route.body, route.reading);
  if (!body.ok) return body.refusal;
  return route.handle({ body: body.value, caller: caller.value });
}
