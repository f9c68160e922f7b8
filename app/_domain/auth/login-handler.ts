import { problemResponse } from "headgate/respond";
import { readBody } from "#app/_domain/http/body";
import { deniedResponse } from "#app/_domain/http/denied";
import { type createLogin, credentials, type LoginOutcome } from "./login.ts";

/** Returns the response to a login by JSON: `{ account, password }`. */
export async function answerLogin(
  request: Request,
  logIn: ReturnType<typeof createLogin>,
): Promise<Response> {
  const sent = await readBody(request, credentials);
  return sent.ok ? answerOf(await logIn(sent.value, request)) : sent.rejection;
}

function answerOf(outcome: LoginOutcome): Response {
  switch (outcome.kind) {
    case "signed-in":
      return Response.json(
        {
          account: outcome.account,
          detail: "The password is correct. This route starts no session.",
        },
        { headers: { "Cache-Control": "no-store" } },
      );
    case "wrong":
      // The status is not 401, which requires a WWW-Authenticate scheme; credentials in a body have
      // none.
      return problemResponse({
        status: 403,
        title: "The sign-in failed",
        detail: "The account or the password is wrong.",
      });
    case "denied":
      return deniedResponse(outcome.denial);
  }
}
