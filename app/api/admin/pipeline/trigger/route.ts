import { after } from "next/server";
import { admin } from "#app/_domain/auth/current";
import { tools } from "#app/_domain/headgate";
import { oncePerKey } from "#app/_domain/http/once-per-key";
import { postRoute } from "#app/_domain/http/post-route";
import { json } from "#app/_domain/http/respond";
import { createPipeline, trigger } from "#app/_domain/jobs/pipeline";
import { reportFailure } from "#app/_domain/report-failure";

const route = postRoute({
  caller: admin,
  body: trigger,
  handle: async ({ body }) =>
    json(
      {
        job: await createPipeline({ ...tools, defer: after, onFailure: reportFailure }).trigger(
          body,
        ),
      },
      202,
    ),
});

export const POST = oncePerKey(route.POST, admin);
export const { GET, PUT, PATCH, DELETE, OPTIONS } = route;
