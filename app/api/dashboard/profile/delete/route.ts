import { signedIn } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { oncePerKey } from "#app/_domain/http/once-per-key";
import { NO_INPUT, postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { profiles } from "#app/_domain/profiles/profile";

const route = postRoute({
  caller: signedIn,
  ...NO_INPUT,
  handle: async ({ caller }) => json({ deleted: await profiles(tools).remove(caller.user) }),
});

export const POST = oncePerKey(route.POST, signedIn);
export const { GET, PUT, PATCH, DELETE, OPTIONS } = route;
