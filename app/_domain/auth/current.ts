import { environment } from "#config/app-env";
import { jwtReader } from "headgate/identities/jwt";
import { ADMIN, createCallers } from "./caller.ts";
import { sessionName } from "./session.ts";

type Callers = ReturnType<typeof createCallers>;

function makeCallers(): Callers {
  const { auth, appOrigin } = environment();
  return createCallers({ read: jwtReader({ ...auth, cookie: sessionName }), appOrigin });
}

// Made when first asked for: a build loads every handler, and has no environment.
let made: Callers | undefined;

/** Returns the user who is signed in to the browser of a page's request, for the page to show. */
export const shownUser: Callers["shown"] = (request) => {
  made ??= makeCallers();
  return made.shown(request);
};

/** Whoever is signed in. */
export const signedIn: Callers["signedIn"] = (request) => {
  made ??= makeCallers();
  return made.signedIn(request);
};

/** Whoever is signed in as an admin. */
export const admin: Callers["admin"] = (request) => {
  made ??= makeCallers();
  return made.admin(request);
};

/**
 * Returns true for an admin's request that only reads, a cookie being enough: another site's page may have a
 * browser send it, and cannot read the response.
 */
export async function isAdmin(request: Request): Promise<boolean> {
  return (await adminName(request)) !== undefined;
}

/**
 * Returns the name of an admin, by the session alone; undefined for everyone else. It is for a dashboard, which
 * looks itself whether its own page sent the request.
 */
export async function adminName(request: Request): Promise<string | undefined> {
  const caller = await shownUser(request);
  return caller?.role === ADMIN ? caller.user : undefined;
}
