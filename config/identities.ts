import { gateEnvironment } from "#config/gate-env";
import { defineIdentities } from "headgate";
import { hostCookie, jwtUser } from "headgate/identities/jwt";

type Resolve = ReturnType<typeof jwtUser>;

let resolve: Resolve | undefined;

/**
 * The signed-in user: the `sub` of a JWT that verifies, as bearer or in the `session` cookie, which is
 * `__Host-session` on https.
 */
const user: Resolve = (request) => {
  // Made when first asked: the policy is also read where there is no environment, by `check`.
  resolve ??= jwtUser({ ...gateEnvironment().auth, cookie: hostCookie("session") });
  return resolve(request);
};

/**
 * Who can be counted beside `ip` and `global`; only what is verified may name a client. An account
 * that somebody tries to sign in to is known to the login alone: it hands the name to `limit`.
 */
export const identities = defineIdentities({ user, account: "from-code" });
