import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SOURCES } from "#app/_programs/build";
import { buildOnce } from "#app/_programs/build-once";
import { ROOT } from "./app.ts";
import { buildFixture, fixture, startFixture } from "./fixture.ts";
import type { Target } from "./target.ts";

/** The sample app with `proxy.ts` instead of its middleware, under plain `next start`. */
async function build(): Promise<void> {
  await buildOnce(ROOT, () => {}, {
    sources: [...SOURCES, "tests/fixtures/proxy/*.ts"],
    stamp: "tests/fixtures/proxy/.next/headgate-build",
    saying: "building the app with proxy.ts ...",
    work: async () => {
      // Turbopack follows no link to a folder of routes, so the routes are copied. They import the sample's files.
      const copy = join(fixture("proxy"), "app");
      rmSync(copy, { recursive: true, force: true });
      cpSync(join(ROOT, "app"), copy, { recursive: true });
      buildFixture("proxy");
    },
  });
}

const from = (address: string) => ({ "x-forwarded-for": address });

/** The target with a store over REST, through the gateway. */
export const proxyByRest: Target = {
  name: "proxy.ts, by REST",
  from,
  build,
  start: (store, env) =>
    startFixture("proxy", {
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      CLIENT_IP_FROM: "hops:1",
      ...env,
    }),
};

/** The target with a store over TCP, without a gateway. */
export const proxyByTcp: Target = {
  name: "proxy.ts, by TCP",
  reaches: "tcp",
  from,
  build,
  start: (store, env) =>
    startFixture("proxy", { REDIS_URL: store.redis.url, CLIENT_IP_FROM: "hops:1", ...env }),
};
