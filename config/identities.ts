import { gateEnvironment } from "#config/gate-env";
import { defineIdentities } from "headgate";
import { hostCookie, jwtUser } from "headgate/identities/jwt";

type Resolve = ReturnType<typeof jwtUser>;

let resolve: Resolve | undefined;

/**
 * The signed-in user: the `sub` of a verified JWT, sent as a bearer token or in the `session` cookie,
 * which is `__Host-session` on https.
 */
const user: Resolve = (request) => {
  // Made at the first request, because `check` reads the policy without an environment.
  resolve ??= jwtUser({ ...gateEnvironment().auth, cookie: hostCookie("session") });
  return resolve(request);
};

/**
 * The identities that limits may count beside `ip` and `global`; only a verified value may name a
 * client. Only the login knows the account of a sign-in attempt, and passes its name to `limit`.
 */
export const identities = defineIdentities({ user, account: "from-code" });
