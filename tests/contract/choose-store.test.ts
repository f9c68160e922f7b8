import { expect, test } from "vitest";
import { fromEnv } from "#lib/env";
import { chooseStore } from "#lib/server/store";
import { createRedis } from "#lib/redis/client";
import { keysApart, startCluster } from "../support/cluster.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const quiet = () => {};

async function chosen(env: Readonly<Record<string, string>>) {
  const store = cleanUp(await chooseStore(env, quiet), (it) => it.stop());
  const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } =
    store.variables;
  return { store, redis: createRedis({ url, token, deadlineMs: 5_000 }) };
}

test("REDIS_URL of a cluster is served as a cluster when HEADGATE_CLUSTER is set", async () => {
  const cluster = cleanUp(await startCluster(), (it) => it.stop());
  const { store, redis } = await chosen({ REDIS_URL: cluster.url, HEADGATE_CLUSTER: "1" });
  expect(store.line).toContain("Redis Cluster at 127.0.0.1:");
  const keys = keysApart("any");
  for (const key of keys) await redis.set(key, "value");
  for (const key of keys) expect(await redis.get(key)).toBe("value");
});

test.each([["1"], ["yes"]])(
  "HEADGATE_CLUSTER=%s in front of a single Redis is rejected",
  async (flag) => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    await expect(
      chooseStore({ REDIS_URL: redis.url, HEADGATE_CLUSTER: flag }, quiet),
    ).rejects.toMatchObject({ code: flag === "1" ? "GATEWAY_INVALID" : "ENV_INVALID" });
  },
);

test("our server without a configured store starts one, which HEADGATE_STORE selects", async () => {
  const embedded = await chosen({ HEADGATE_STORE: "embedded" });
  expect(embedded.store.line).toContain("embedded in this process");
  expect(await embedded.redis.incr("n")).toBe(1);
  const own = await chosen({ HEADGATE_STORE: "redis" });
  expect(own.store.line).toMatch(/^(redis|valkey)-server, started for this process/);
  expect(await own.redis.incr("n")).toBe(1);
});

test.each([
  [{ HEADGATE_STORE: "sqlite" }],
  [{ HEADGATE_STORE: "embedded", REDIS_URL: "redis://127.0.0.1:6379" }],
  [{ UPSTASH_REDIS_REST_URL: "https://store.example" }],
  [{ REDIS_URL: "127.0.0.1:6379" }],
])("chooseStore rejects %j", async (env: Readonly<Record<string, string>>) => {
  await expect(chooseStore(env, quiet)).rejects.toMatchObject({ code: "ENV_INVALID" });
});

test("the gate learns that its secret was derived from an address without a password", async () => {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const env = { REDIS_URL: redis.url };
  const { variables } = (await chosen(env)).store;
  expect(variables["HEADGATE_SECRET_GUESSABLE"]).toBe("1");
  const read = (more: Readonly<Record<string, string>>) =>
    fromEnv({ ...more, CLIENT_IP_FROM: "hops:1" }).visitorSecret;
  expect(read(variables)).toBeUndefined();
  const HEADGATE_SECRET = "a secret that is at least 32 characters";
  const own = (await chosen({ ...env, HEADGATE_SECRET })).store;
  expect([read(own.variables), own.warning]).toEqual([HEADGATE_SECRET, undefined]);
  // The derived secret is no better when a person sets it.
  const same = (await chosen({ ...env, HEADGATE_SECRET: variables["HEADGATE_SECRET"] ?? "" }))
    .store;
  expect(read(same.variables)).toBeUndefined();
});
