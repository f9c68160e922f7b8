import { environment } from "#config/app-env";
import { jwtReader } from "headgate/identities/jwt";
import { ADMIN, createCallers } from "./caller.ts";
import { sessionName } from "./session.ts";

type Callers = ReturnType<typeof createCallers>;

function makeCallers(): Callers {
  const { auth, appOrigin } = environment();
  return createCallers({ read: jwtReader({ ...auth, cookie: sessionName }), appOrigin });
}

// Made at the first request: a build loads every handler without an environment.
let made: Callers | undefined;

/** Returns the user who is signed in to the browser that requests a page. */
export const shownUser: Callers["shown"] = (request) => {
  made ??= makeCallers();
  return made.shown(request);
};

/** Returns the signed-in user of a request. */
export const signedIn: Callers["signedIn"] = (request) => {
  made ??= makeCallers();
  return made.signedIn(request);
};

/** Returns the signed-in admin of a request. */
export const admin: Callers["admin"] = (request) => {
  made ??= makeCallers();
  return made.admin(request);
};

/**
 * Returns true for a read-only request of an admin, for which a cookie is enough: a page of another
 * site may have a browser send it, but cannot read the response.
 */
export async function isAdmin(request: Request): Promise<boolean> {
  return (await adminName(request)) !== undefined;
}

/**
 * Returns the name of an admin, by the session alone; undefined for other users. It is for a dashboard
 * that checks itself whether its own page sent the request.
 */
export async function adminName(request: Request): Promise<string | undefined> {
  const caller = await shownUser(request);
  return caller?.role === ADMIN ? caller.user : undefined;
}
