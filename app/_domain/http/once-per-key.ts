import { idempotent } from "#app/_domain/headgate";
import { MAX_BODY_BYTES } from "./body.ts";
import type { Input } from "./problem.ts";

type Route = (request: Request) => Promise<Response>;

/**
 * Makes a route idempotent for clients that send an Idempotency-Key, with or without quotes. The header
 * is not required, because the app's first clients send none. A guest's request is run each time (there
 * is no `guestClient`): it changes nothing, because each route that uses this function requires a
 * signed-in user.
 *
 * @param findCaller `signedIn` or `admin` of auth/current; each caller has separate keys
 */
export function oncePerKey(
  handler: Route,
  findCaller: (request: Request) => Promise<Input<{ readonly user: string }>>,
): Route {
  const caller = async (request: Request) => {
    const found = await findCaller(request);
    return found.ok ? found.value.user : undefined;
  };
  return idempotent(handler, { caller, required: false, maxBodyBytes: MAX_BODY_BYTES });
}
