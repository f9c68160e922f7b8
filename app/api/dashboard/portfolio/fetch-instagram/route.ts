import { signedIn } from "#app/_domain/auth/current";
import { NO_INPUT, postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { instagramParts } from "#app/_domain/instagram/current";
import { fetchMedia } from "#app/_domain/instagram/media";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: signedIn,
  ...NO_INPUT,
  handle: async ({ caller }) => json(await fetchMedia(instagramParts(), caller.user)),
});
