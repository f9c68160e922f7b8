import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHeadgate, fromEnv } from "headgate";
import { createDedup } from "headgate/dedup";
import { createLocks } from "headgate/locks";
import { startStore, type TestStore } from "../../../support/gateway.ts";
import { scope } from "../../../support/scope.ts";
import { telemetry, timesOf } from "../../../support/telemetry.ts";

const cleanUp = scope();

describe("a gate over Redis", () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await startStore();
  });
  afterAll(() => store?.stop());

  test("otelEvents reports no address, no client key and no key of a lock or a claim", async () => {
    const { listener, spans, points } = telemetry();
    const gate = createHeadgate(
      { rules: { api: { match: "/api/:path*", limits: { ip: "1 per hour" } } } },
      () => ({
        ...fromEnv({
          UPSTASH_REDIS_REST_URL: store.url,
          UPSTASH_REDIS_REST_TOKEN: store.token,
          HEADGATE_NAMESPACE: "otel",
          HEADGATE_STORE_DEADLINE_MS: "10000",
          CLIENT_IP_FROM: "hops:1",
        }),
        onEvent: [listener],
      }),
    );
    const after: Promise<unknown>[] = [];
    const startedAt = Date.now();
    for (const path of ["/api/ada", "/api/ada"]) {
      const headers = { "x-forwarded-for": "203.0.113.9" };
      const request = new Request(`http://app.example${path}`, { headers });
      await gate.middleware(request, { waitUntil: (work) => after.push(work) });
    }
    await Promise.all(after);
    await createLocks(gate).acquireLock("of-ada", 10);
    await createDedup(gate).shouldTrackEvent("of-ada", 10);

    const told = JSON.stringify([
      spans().map(({ name, attributes, events, status }) => [name, attributes, events, status]),
      await points(),
    ]);
    expect(told).not.toMatch(/203\.0\.113|ada|app\.example|rate_limit|otel:/);
    expect(spans().map(({ name }) => name)).toEqual(
      expect.arrayContaining(["headgate.decision", "EVALSHA"]),
    );
    for (const [start = 0, end = 0] of spans().map(timesOf)) {
      expect(start).toBeGreaterThanOrEqual(startedAt - 1);
      expect(end).toBeGreaterThan(start);
      expect(end).toBeLessThanOrEqual(Date.now());
    }
    const direct = cleanUp(new Direct(store.redis.url), (it) => it.disconnect());
    const hashes = (await direct.keys("*")).flatMap((key) => key.match(/[\w-]{22}/) ?? []);
    expect(hashes.length).toBeGreaterThanOrEqual(3);
    for (const hash of hashes) expect(told).not.toContain(hash);
  });
});
