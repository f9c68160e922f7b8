import { createCallers } from "#app/_domain/auth/caller";
import { redisHealth } from "#app/_domain/health";
import { sessionName } from "#app/_domain/auth/session";
import { createHeadgate, definePolicy, fromEnv } from "headgate";
import { createStoreHealth, watchStore } from "headgate/health";
import { jwtReader } from "headgate/identities/jwt";
import type { GateSettings } from "headgate";
import type { HeadgateEvent } from "#lib/core/events";
import { AUTH_SECRET, sign } from "./sign.ts";

const policy = definePolicy({
  rules: { all: { match: "/:path*", limits: { ip: "10 per minute" } } },
});

/** Returns the response of the sample's route over a store, with a separate gate and breaker. */
export function redisHealthOver(
  store: { readonly url: string; readonly token: string },
  settings: Partial<Pick<GateSettings, "connect">> & { readonly deadlineMs?: number } = {},
) {
  const { deadlineMs = 500, ...rest } = settings;
  const events: HeadgateEvent[] = [];
  const watch = watchStore();
  const gate = createHeadgate(policy, () => ({
    ...fromEnv({
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      HEADGATE_STORE_DEADLINE_MS: String(deadlineMs),
      HEADGATE_NAMESPACE: "health",
      CLIENT_IP_FROM: "hops:1",
    }),
    ...rest,
    onEvent: [watch.listener, (event) => void events.push(event)],
  }));
  const { admin } = createCallers({
    read: jwtReader({ secrets: [AUTH_SECRET], audience: "headgate", cookie: sessionName }),
    appOrigin: undefined,
  });
  const request = (headers: HeadersInit = {}) =>
    new Request("http://app.example/api/health/redis", { headers });
  /** Every call reaches the store, and none gets a recent result of another. */
  const newHealth = () => createStoreHealth({ ...gate, watch });
  return {
    gate,
    events,
    newHealth,
    check: (headers?: HeadersInit) => redisHealth(request(headers), { health: newHealth(), admin }),
    checkAsAdmin: async (role = "admin") =>
      redisHealth(request({ authorization: `Bearer ${await sign({ role })}` }), {
        health: newHealth(),
        admin,
      }),
  };
}
