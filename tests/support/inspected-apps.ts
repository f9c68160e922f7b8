import { rmSync } from "node:fs";
import { join } from "node:path";
import { importPolicy } from "#lib/cli/check";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { connectTcp } from "#lib/gateway/direct";
import { type Env, makeAppFolder } from "./command.ts";
import { scope } from "./scope.ts";
import type { TestStore } from "./gateway.ts";

const POLICY = `export default {
  identities: { user: "from-code", plan: "from-code" },
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "3 per day" }, algorithm: "sliding-log" },
    trial: { match: "/api/search", limits: { ip: "1 per day", global: "900 per day" }, mode: "shadow" },
    plans: { tiers: { plan: { free: { user: "2 per day" }, pro: { user: "20 per day" } } } },
  },
};
`;

export const SECRET = "a secret of the tests, long enough";

/** Returns functions that make folders and gates of apps, for the tests of a file. */
export function inspectedApps(live: { readonly store: TestStore }) {
  const cleanUp = scope();

  /** The folder of an app, inside this tree, so that Next is found. */
  function project(files: Readonly<Record<string, string>> = {}): string {
    const root = makeAppFolder({ "config/rate-limits.ts": POLICY, ...files });
    return cleanUp(root, (it) => rmSync(it, { recursive: true }));
  }

  function restEnv(): Env {
    return {
      UPSTASH_REDIS_REST_URL: live.store.url,
      UPSTASH_REDIS_REST_TOKEN: live.store.token,
      HEADGATE_SECRET: SECRET,
    };
  }

  /** The app of a folder: a gate from the environment, and a request to it. */
  async function appOf(root: string, env: Env) {
    const policy = await importPolicy(join(root, "config", "rate-limits.ts"));
    const settings = fromEnv(
      { HEADGATE_APP: "shop", NODE_ENV: "production", CLIENT_IP_FROM: "hops:1", ...env },
      { redisVariable: "REDIS_URL" },
    );
    const { url = "" } = settings.store;
    const gate = createHeadgate(policy, {
      ...settings,
      store: { ...settings.store, deadlineMs: 10_000 },
      onEvent: [],
      ...(url.startsWith("redis:") && {
        connect: (about) => {
          const client = connectTcp({ redisUrl: url, cluster: settings.cluster, ...about });
          return cleanUp(client, (it) => it.close()).requester;
        },
      }),
    });
    const send = async (ip: string) => {
      const headers = { "x-forwarded-for": ip };
      const request = new Request("https://shop.example/api/search", { headers });
      const { status } = await gate.middleware(request, { waitUntil: () => {} });
      return status;
    };
    return { gate, send };
  }

  return { project, restEnv, appOf };
}
