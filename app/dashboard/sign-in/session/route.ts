import { FOREIGN, isOwnPage } from "#app/_domain/auth/caller";
import { endOfSession } from "#app/_domain/auth/session";
import { sessionOfToken } from "#app/_domain/auth/token-session";
import { environment } from "#config/app-env";
import { problemResponse } from "headgate/respond";

/** Starts the session of an admin, who can then open the dashboard, or ends it. */
export async function POST(request: Request): Promise<Response> {
  const { auth, appOrigin } = environment();
  if (!isOwnPage(request, appOrigin)) return problemResponse(FOREIGN);
  const form = await request.formData().catch(() => undefined);
  if (!form) return problemResponse(NO_FORM);
  if (form.get("action") === "sign-out") return seeOther("../sign-in", endOfSession(request));
  const token = form.get("token");
  const session = await sessionOfToken(request, {
    ...auth,
    token: typeof token === "string" ? token : "",
  });
  if (session.rejection) return seeOther(`../sign-in?refused=${session.rejection}`);
  return seeOther("../../dashboard", session.cookie);
}

const NO_FORM = {
  status: 400,
  title: "The request's input is not valid",
  detail: "A form with a `token` is required.",
};

/** Redirects by a relative address, because a handler does not know the app's base path. */
function seeOther(location: string, cookie?: string): Response {
  const headers = { Location: location, "Cache-Control": "no-store" };
  return new Response(null, {
    status: 303,
    headers: { ...headers, ...(cookie !== undefined && { "Set-Cookie": cookie }) },
  });
}
