import { buildOnce } from "#app/_programs/build";
import { ROOT, startApp } from "./app.ts";
import type { Target } from "./target.ts";

/** The sample app under our own server, behind a proxy that names the client. */
export const ourServer: Target = {
  name: "our own server",
  from: (address) => ({ "x-forwarded-for": address }),
  build: async () => void (await buildOnce(ROOT, () => {})),
  start: (store, env) =>
    startApp({
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      CLIENT_IP_FROM: "hops:1",
      ...env,
    }),
};
