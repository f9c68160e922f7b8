import { idempotent } from "#app/_domain/headgate";
import { MAX_BODY_BYTES } from "./body.ts";
import type { Input } from "./problem.ts";

type Route = (request: Request) => Promise<Response>;

/**
 * Makes a route idempotent for clients that send an Idempotency-Key, quoted or bare. The header is not
 * required, since the app's first clients send none. A guest's request is run each time (there is no
 * `guestClient`): it changes nothing, since each route that uses this needs a signed-in user.
 *
 * @param whoAsks `signedIn` or `admin` of auth/current: keys are each caller's own
 */
export function oncePerKey(
  handler: Route,
  whoAsks: (request: Request) => Promise<Input<{ readonly user: string }>>,
): Route {
  const caller = async (request: Request) => {
    const asked = await whoAsks(request);
    return asked.ok ? asked.value.user : undefined;
  };
  return idempotent(handler, { caller, required: false, maxBodyBytes: MAX_BODY_BYTES });
}
