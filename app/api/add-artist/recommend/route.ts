import { recommend, recommendation } from "#app/_domain/artists/recommend";
import { anyCaller } from "#app/_domain/auth/caller";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: anyCaller,
  body: recommendation,
  handle: async ({ body }) => json(await recommend(tools, body)),
});
