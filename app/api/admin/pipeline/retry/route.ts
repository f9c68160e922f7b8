import { after } from "next/server";
import { admin } from "#app/_domain/auth/current";
import { gate } from "#app/_domain/gate";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { createPipeline, retry } from "#app/_domain/jobs/pipeline";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: admin,
  body: retry,
  handle: async ({ body }) =>
    json(
      {
        job: await createPipeline({ ...tools, defer: after, onFailure: gate.onFailure }).retry(
          body,
        ),
      },
      202,
    ),
});
