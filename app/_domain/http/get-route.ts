import { failed } from "./failed.ts";
import { methodHandlers } from "./problem.ts";

/**
 * Makes the handlers of a route that only reads: GET, and HEAD, which Next derives from it; other
 * methods get 405. Errors become problem details (RFC 9457).
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
