import { after } from "next/server";
import { admin } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { createPipeline, retry } from "#app/_domain/jobs/pipeline";
import { reportFailure } from "#app/_domain/report-failure";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: admin,
  body: retry,
  handle: async ({ body }) =>
    json(
      {
        job: await createPipeline({ ...tools, defer: after, onFailure: reportFailure }).retry(body),
      },
      202,
    ),
});
