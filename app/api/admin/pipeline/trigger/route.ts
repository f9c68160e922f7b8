import { after } from "next/server";
import { admin } from "#app/_domain/auth/current";
import { reportFailure } from "#app/_domain/failures";
import { tools } from "#app/_domain/headgate";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { createPipeline, trigger } from "#app/_domain/jobs/pipeline";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = postRoute({
  caller: admin,
  body: trigger,
  handle: async ({ body }) =>
    json(
      {
        job: await createPipeline({ ...tools(), defer: after, onFailure: reportFailure }).trigger(
          body,
        ),
      },
      202,
    ),
});
