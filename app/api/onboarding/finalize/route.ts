import { signedIn } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { oncePerKey } from "#app/_domain/http/once-per-key";
import { NO_INPUT, postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { finalize } from "#app/_domain/onboarding/onboarding";

const route = postRoute({
  caller: signedIn,
  ...NO_INPUT,
  handle: async ({ caller }) => json({ profile: await finalize(tools, caller.user) }, 201),
});

export const POST = oncePerKey(route.POST, signedIn);
export const { GET, PUT, PATCH, DELETE, OPTIONS } = route;
