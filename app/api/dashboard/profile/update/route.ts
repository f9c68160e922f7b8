import { signedIn } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { profileChange, updateProfile } from "#app/_domain/profiles/profile";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: signedIn,
  body: profileChange,
  handle: async ({ body, caller }) =>
    json({ profile: await updateProfile(tools, caller.user, body) }),
});
