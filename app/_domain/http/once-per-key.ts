import { gate } from "#app/_domain/gate";
import { tools } from "#app/_domain/headgate";
import { idempotent } from "headgate/idempotency";
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
  // Made when first asked: a build loads every handler, and has no store.
  let made: Route | undefined;
  return (request) => {
    made ??= idempotent(
      handler,
      { dedup: tools.dedup, onFailure: gate.onFailure },
      { caller, required: false, maxBodyBytes: MAX_BODY_BYTES },
    );
    return made(request);
  };
}
