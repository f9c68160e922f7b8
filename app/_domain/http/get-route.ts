import { failed } from "./failed.ts";
import { methodHandlers } from "./problem.ts";

/**
 * Makes the handlers of a route that only answers: GET, and HEAD, which Next makes of it; every
 * other method is 405. What goes wrong is answered as a problem (RFC 9457).
 */
export function getRoute(handle: (request: Request) => Response | Promise<Response>) {
  const { notAllowed, options } = methodHandlers("GET", "HEAD");
  return {
    GET: async (request: Request): Promise<Response> => {
      try {
        return await handle(request);
      } catch (error) {
        return failed(error);
      }
    },
    POST: notAllowed,
    PUT: notAllowed,
    PATCH: notAllowed,
    DELETE: notAllowed,
    OPTIONS: options,
  };
}
