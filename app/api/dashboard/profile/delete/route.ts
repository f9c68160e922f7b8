import { signedIn } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { NO_INPUT, postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { profiles } from "#app/_domain/profiles/profile";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: signedIn,
  ...NO_INPUT,
  handle: async ({ caller }) => json({ deleted: await profiles(tools()).remove(caller.user) }),
});
