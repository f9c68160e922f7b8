import * as z from "zod";
import { FOREIGN, isOwnPage } from "#app/_domain/auth/caller";
import { endOfSession, sessionCookie } from "#app/_domain/auth/session";
import { problemResponse } from "headgate/respond";
import { environment } from "#config/app-env";

const chosen = z.object({
  sub: z.string().trim().min(1).max(256),
  role: z.enum(["user", "admin"]).default("user"),
});

/**
 * Starts a session for the named user, or ends it. It exists in development only, where Next treats
 * files that end in `.dev.ts` as routes.
 */
export async function POST(request: Request): Promise<Response> {
  const { auth, appOrigin } = environment();
  if (!isOwnPage(request, appOrigin)) return problemResponse(FOREIGN);
  const form = Object.fromEntries(await request.formData());
  if (form["action"] === "sign-out") return backToStart(endOfSession(request));
  const { success, data } = chosen.safeParse(form);
  const [secret] = auth.secrets;
  if (!success || secret === undefined) {
    return problemResponse({
      status: 400,
      title: "No user was signed in",
      detail:
        "The form must have a name, and a role that is user or admin. AUTH_SECRET must be set.",
    });
  }
  const { audience } = auth;
  const session = { secret, audience, user: data.sub, role: data.role };
  return backToStart(await sessionCookie(request, session));
}

function backToStart(cookie: string): Response {
  return new Response(null, { status: 303, headers: { Location: "/", "Set-Cookie": cookie } });
}
