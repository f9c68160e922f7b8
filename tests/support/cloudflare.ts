import { buildWorkerOnce } from "#app/_programs/build-worker";
import { startWorker } from "#app/_programs/worker";
import { ROOT } from "./app.ts";
import type { Target } from "./target.ts";

/** The sample app as a Cloudflare Worker, in workerd. */
export const cloudflare: Target = {
  name: "Cloudflare Workers",
  from: (address) => ({ "cf-connecting-ip": address }),
  build: async () => void (await buildWorkerOnce(ROOT, () => {})),
  start: (store, env) =>
    startWorker(ROOT, {
      host: "127.0.0.1",
      port: 0,
      variables: {
        UPSTASH_REDIS_REST_URL: store.url,
        UPSTASH_REDIS_REST_TOKEN: store.token,
        ...env,
      },
    }),
};
