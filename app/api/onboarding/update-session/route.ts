import { signedIn } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { updateSession } from "#app/_domain/onboarding/onboarding";
import { profileChange } from "#app/_domain/profiles/profile";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: signedIn,
  body: profileChange,
  handle: async ({ body, caller }) => json(await updateSession(tools, caller.user, body)),
});
