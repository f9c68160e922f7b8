import { event, track } from "#app/_domain/analytics/track";
import { anyCaller } from "#app/_domain/auth/caller";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: anyCaller,
  body: event,
  // `curl -d` sends JSON with this content type.
  reading: { alsoAs: "application/x-www-form-urlencoded" },
  handle: async ({ body }) => json(await track(tools, body)),
});
