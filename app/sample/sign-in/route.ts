import * as z from "zod";
import { FOREIGN, isOwnPage } from "#app/_domain/auth/caller";
import { offersSampleSignIn, SAMPLE_USERS } from "#app/_domain/auth/sample-sign-in";
import { endOfSession, sessionCookie } from "#app/_domain/auth/session";
import { problemResponse } from "headgate/respond";
import { environment } from "#config/app-env";

const chosen = z.object({ role: z.enum(["user", "admin", "none"]) });

/**
 * Starts a session of a sample user, or ends the session with the role "none". Where the app does not
 * offer it the response is 404; docs/decisions/069-a-sign-in-for-the-sample.md has the conditions.
 */
export async function POST(request: Request): Promise<Response> {
  const env = environment();
  if (!offersSampleSignIn(request, env)) {
    return problemResponse({
      status: 404,
      title: "Not found",
      detail: "This app signs in no sample users: SAMPLE_SIGN_IN is not set for this address.",
    });
  }
  if (!isOwnPage(request, env.appOrigin)) return problemResponse(FOREIGN);
  const { success, data } = chosen.safeParse(await fieldsOf(request));
  const [secret] = env.auth.secrets;
  if (!success || secret === undefined) {
    return problemResponse({
      status: 400,
      title: "The request's input is not valid",
      detail: "A form with a `role` of user, admin or none is required.",
    });
  }
  if (data.role === "none") return backToStart(endOfSession(request));
  const user = SAMPLE_USERS[data.role];
  const session = { secret, audience: env.auth.audience, user, role: data.role };
  return backToStart(await sessionCookie(request, session));
}

/** Returns the fields of a form; undefined when the body is not a form. */
async function fieldsOf(request: Request): Promise<object | undefined> {
  try {
    return Object.fromEntries(await request.formData());
  } catch {
    return undefined;
  }
}

function backToStart(cookie: string): Response {
  return new Response(null, { status: 303, headers: { Location: "/", "Set-Cookie": cookie } });
}
