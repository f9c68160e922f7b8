import { describe, expect, test } from "vitest";
import { openEmbeddedStore } from "#lib/embedded/store";
import { serveStore, startGateway } from "#lib/gateway/server";
import { keysApart, startClusterStore } from "../support/cluster.ts";
import { redisHealthOver } from "../support/redis-health.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const token = "a-token-of-the-tests";
const NOT_THERE = "not available";
const NUMBER: unknown = expect.any(Number);

/** The details of each store, as in the table of docs/operate/health.md. */
describe("an operator's details", () => {
  /** Returns the details of a store that is up: the check has written a key before. */
  async function detailsOf(url: string): Promise<unknown> {
    const { newHealth } = redisHealthOver({ url, token }, { deadlineMs: 10_000 });
    const health = newHealth();
    expect(await health.check()).not.toHaveProperty("code");
    return health.details();
  }

  test("an operator's details of the embedded store are memory and keys", async () => {
    const store = await openEmbeddedStore();
    const gateway = cleanUp(await serveStore(store, { token }), (it) => it.close());
    expect(await detailsOf(gateway.url)).toStrictEqual({
      memoryUsedBytes: NUMBER,
      memoryMaxBytes: NUMBER,
      memoryUsedShare: NUMBER,
      evictionPolicy: "noeviction",
      evictedKeys: NOT_THERE,
      connectedClients: NOT_THERE,
      keys: 1,
      slowLog: NOT_THERE,
    });
  });

  test("an operator's details through a gateway with GATEWAY_ALLOW_SHARED have the slow log too", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const options = { redisUrl: redis.url, token, allowShared: true };
    const gateway = cleanUp(await startGateway(options), (it) => it.close());
    expect(await detailsOf(gateway.url)).toMatchObject({ keys: 1, slowLog: [] });
  });

  test("an operator's details of a Redis Cluster have the keys of all masters", async () => {
    const { url, cluster } = cleanUp(await startClusterStore(), (it) => it.stop());
    for (const key of keysApart("key")) {
      await (await cluster.masterOf(key)).direct.set(key, "1", "EX", 60);
    }
    expect(await detailsOf(url)).toMatchObject({
      memoryUsedBytes: NUMBER,
      connectedClients: NUMBER,
      evictedKeys: 0,
      keys: 4,
    });
  });
});
