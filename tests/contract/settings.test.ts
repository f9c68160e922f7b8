import { describe, expect, test } from "vitest";
import { readEnvironment } from "#config/app-env";
import { chooseStore } from "#lib/server/store";
import { HeadgateError } from "#lib/core/errors";
import { namedStore } from "#lib/server/named-store";
import { connectTcp } from "#lib/gateway/direct";
import { startGateway } from "#lib/gateway/server";
import { createRedis } from "#lib/redis/client";
import {
  BAD_REDIS_URLS,
  BAD_REST_URLS,
  BAD_SECRETS,
  BAD_TOKENS,
  told,
} from "../support/bad-settings.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

type Variables = Readonly<Record<string, string>>;

const cleanUp = scope();
const url = "https://store.example";
const token = "a-token-of-the-tests";
const secret = "a secret that is at least 32 characters";
const rest = { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token };
const kv = { KV_REST_API_URL: url, KV_REST_API_TOKEN: token };

/** Every reader of the environment that reads the store's variables. */
const storeReaders: readonly (readonly [string, (env: Variables) => Promise<unknown>])[] = [
  ["config/app-env.ts", async (env) => readEnvironment({ ...env, CLIENT_IP_FROM: "hops:1" })],
  ["the choice of npm start and the packed server", (env) => chooseStore(env, () => {})],
  ["a command such as npm run analytics", async (env) => namedStore(env)],
];

async function failureOf(run: () => unknown): Promise<HeadgateError> {
  const error = await Promise.resolve()
    .then(run)
    .catch((thrown: unknown) => thrown);
  if (error instanceof HeadgateError) return error;
  return expect.unreachable("the value must be rejected with a HeadgateError");
}

async function expectRefusal(
  run: () => unknown,
  name: string,
  code = "ENV_INVALID",
): Promise<void> {
  const error = await failureOf(run);
  expect([error.code, told(error.message), told(String(error.cause))]).toEqual([
    code,
    false,
    false,
  ]);
  expect(error.message).toContain(name);
  expect(error.message).toContain("must be");
}

describe.each(storeReaders)("an invalid setting of the store is rejected by %s", (_, read) => {
  test.each([
    ...BAD_REST_URLS.map((bad) => ["UPSTASH_REDIS_REST_URL", bad, rest] as const),
    ...BAD_TOKENS.map((bad) => ["UPSTASH_REDIS_REST_TOKEN", bad, rest] as const),
    ...BAD_REST_URLS.map((bad) => ["KV_REST_API_URL", bad, kv] as const),
    ...BAD_TOKENS.map((bad) => ["KV_REST_API_TOKEN", bad, kv] as const),
    ...BAD_REDIS_URLS.map((bad) => ["REDIS_URL", bad, {}] as const),
  ])("the setting %s=%j is rejected", async (name, bad, others) => {
    await expect(
      expectRefusal(() => read({ ...others, [name]: bad }), name),
    ).resolves.toBeUndefined();
  });

  test.each([
    [{ UPSTASH_REDIS_REST_URL: url }, "UPSTASH_REDIS_REST_TOKEN"],
    [{ UPSTASH_REDIS_REST_TOKEN: token }, "UPSTASH_REDIS_REST_URL"],
    [{ UPSTASH_REDIS_REST_URL: url, ...kv }, "UPSTASH_REDIS_REST_TOKEN"],
    [{ UPSTASH_REDIS_REST_URL: url, KV_REST_API_TOKEN: token }, "UPSTASH_REDIS_REST_TOKEN"],
    [{ UPSTASH_REDIS_REST_TOKEN: token, KV_REST_API_URL: url }, "UPSTASH_REDIS_REST_URL"],
    [{ KV_REST_API_URL: url, REDIS_URL: "redis://127.0.0.1:1" }, "KV_REST_API_TOKEN"],
    [{ KV_REST_API_TOKEN: token }, "KV_REST_API_URL"],
  ])("half a pair, %j, is rejected with the missing variable", async (env: Variables, missing) => {
    const { code, message } = await failureOf(() => read(env));
    expect([code, message]).toEqual([
      "ENV_INVALID",
      expect.stringContaining(`${missing} must be set`),
    ]);
    expect(message).not.toContain(token);
  });

  test("a database of a Redis Cluster other than 0 is rejected", async () => {
    const env = { REDIS_URL: "redis://127.0.0.1:1/3", HEADGATE_CLUSTER: "1" };
    await expect(expectRefusal(() => read(env), "REDIS_URL")).resolves.toBeUndefined();
  });
});

describe("options in code are checked like the environment", () => {
  test.each(BAD_REDIS_URLS)("startGateway and connectTcp reject %j", async (redisUrl) => {
    const what = "The address of Redis";
    await expect(
      expectRefusal(() => startGateway({ redisUrl, token }), what, "GATEWAY_INVALID"),
    ).resolves.toBeUndefined();
    await expect(
      expectRefusal(() => connectTcp({ redisUrl }), what, "GATEWAY_INVALID"),
    ).resolves.toBeUndefined();
  });

  test.each(BAD_REST_URLS)("createRedis rejects the address %j", async (bad) => {
    await expect(
      expectRefusal(() => createRedis({ url: bad, token }), "UPSTASH_REDIS_REST_URL"),
    ).resolves.toBeUndefined();
  });

  test.each(BAD_TOKENS)("createRedis and startGateway reject the token %j", async (bad) => {
    await expect(
      expectRefusal(() => createRedis({ url, token: bad }), "UPSTASH_REDIS_REST_TOKEN"),
    ).resolves.toBeUndefined();
    await expect(
      expectRefusal(() => startGateway({ token: bad }), "The gateway's token", "GATEWAY_INVALID"),
    ).resolves.toBeUndefined();
  });
});

describe("other invalid settings are rejected by config/app-env.ts", () => {
  const read = (env: Variables) =>
    readEnvironment({ ...rest, CLIENT_IP_FROM: "hops:1", AUTH_SECRET: secret, ...env });

  test.each<readonly [string, string]>([
    ...["HEADGATE_SECRET", "AUTH_SECRET", "AUTH_SECRET_PREVIOUS"].flatMap((name) =>
      BAD_SECRETS.map((bad) => [name, bad] as const),
    ),
    ...BAD_TOKENS.map((bad) => ["INSTAGRAM_ACCESS_TOKEN", bad] as const),
    ["INSTAGRAM_API_URL", BAD_REST_URLS[3] ?? ""],
    ["INSTAGRAM_API_URL", "https://user:hunter2@graph.instagram.com"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com?access_token=Hunter2"],
    ["INSTAGRAM_STAND_IN", "http://user:Hunter2@127.0.0.1:8090"],
    ["HEADGATE_MODE", '"off"'],
    ["CLIENT_IP_FROM", '"hops:1"'],
    ["AUTH_AUDIENCE", '"headgate"'],
    ["CORS_ORIGINS", '"https://a.example"'],
    ["HEADGATE_NAMESPACE", '"shop"'],
    // A REST store is also set, so that the other store is not used.
    ...BAD_REDIS_URLS.map((bad) => ["REDIS_URL", bad] as const),
  ])("the setting %s=%j is rejected", async (name, bad) => {
    const { code, message } = await failureOf(() => read({ [name]: bad }));
    expect([code, told(message), message.includes(bad)]).toEqual(["ENV_INVALID", false, false]);
    expect(message).toContain(`${name} must be`);
  });

  test("a previous secret without a current one is rejected", async () => {
    await expect(
      expectRefusal(() => read({ AUTH_SECRET: "", AUTH_SECRET_PREVIOUS: secret }), "AUTH_SECRET"),
    ).resolves.toBeUndefined();
  });

  test("HEADGATE_JOIN=1 is rejected on Vercel, and accepted under our server there", async () => {
    const onVercel = { VERCEL: "1", HEADGATE_JOIN: "1" };
    await expect(expectRefusal(() => read(onVercel), "HEADGATE_JOIN")).resolves.toBeUndefined();
    expect(read({ ...onVercel, HEADGATE_SERVER: "1" }).batches).toBe(true);
  });
});

describe("blanks and line breaks around a value are ignored", () => {
  const padded = (env: Variables) =>
    Object.fromEntries(Object.entries(env).map(([name, value]) => [name, ` \t${value}\r\n `]));

  test("every variable is read without the blanks around it", () => {
    const env = {
      ...rest,
      CLIENT_IP_FROM: "hops:1",
      HEADGATE_SECRET: secret,
      HEADGATE_MODE: "shadow",
      HEADGATE_CLUSTER: "1",
      HEADGATE_NAMESPACE: "shop",
      HEADGATE_STORE_DEADLINE_MS: "250",
      HEADGATE_LEGACY_HEADERS: "only",
      AUTH_SECRET: secret,
      AUTH_SECRET_PREVIOUS: `${secret}, the one before`,
      AUTH_AUDIENCE: "shop",
      APP_ORIGIN: "https://app.example",
      INSTAGRAM_ACCESS_TOKEN: "instagram-token",
      CORS_ORIGINS: "https://shop.example",
      NODE_ENV: "production",
    };
    expect(readEnvironment(padded(env))).toStrictEqual(readEnvironment(env));
  });

  test("a value of only blanks counts as unset", () => {
    const env = { ...rest, CLIENT_IP_FROM: "hops:1", HEADGATE_SECRET: " \n", HEADGATE_MODE: "\t" };
    expect(readEnvironment(env)).toMatchObject({ mode: "enforce", secret: `headgate:${token}` });
  });

  test.each([["/"], ["///"], ["/base/"]])("a REST address may end in %s", (end) => {
    const env = { ...rest, CLIENT_IP_FROM: "hops:1", UPSTASH_REDIS_REST_URL: ` ${url}${end}\n` };
    expect(readEnvironment(env).store.url).toBe(end === "/base/" ? `${url}/base` : url);
  });

  test("a client is counted by one key, however REDIS_URL is written and reached", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const secrets = new Set<string | undefined>();
    for (const REDIS_URL of [redis.url, ` ${redis.url}`, `\t${redis.url}\r\n`]) {
      const store = cleanUp(await chooseStore({ REDIS_URL }, () => {}), (it) => it.stop());
      secrets.add(store.variables["HEADGATE_SECRET"]);
      secrets.add(readEnvironment({ REDIS_URL, CLIENT_IP_FROM: "hops:1" }).secret);
    }
    expect([...secrets]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  test("npm start finds the store by the variable names of Vercel's integration", async () => {
    const store = await chooseStore(padded(kv), () => {});
    expect(store.line).toBe("Upstash REST at store.example");
    const own = chooseStore({ ...kv, HEADGATE_STORE: "embedded" }, () => {});
    await expect(own).rejects.toMatchObject({ code: "ENV_INVALID" });
  });
});

describe("HEADGATE_MODE=off needs no store", () => {
  test("with HEADGATE_MODE=off config/app-env.ts and npm start need no store, and start none", async () => {
    const env = { HEADGATE_MODE: " off ", NODE_ENV: "production" };
    expect(readEnvironment(env)).toMatchObject({ mode: "off", store: { url: undefined } });
    const store = await chooseStore(env, () => {});
    expect([store.variables, store.line]).toEqual([{}, expect.stringMatching(/^none: /)]);
  });

  test("with HEADGATE_MODE=off a store that is named or requested is used", async () => {
    const embedded = await chooseStore(
      { HEADGATE_MODE: "off", HEADGATE_STORE: "embedded" },
      () => {},
    );
    cleanUp(embedded, (it) => it.stop());
    expect(embedded.line).toContain("embedded in this process");
    expect(readEnvironment({ ...rest, HEADGATE_MODE: "off" }).store.url).toBe(url);
  });

  test.each([["enforce"], ["shadow"]])("HEADGATE_MODE=%s needs a store", (mode) => {
    const env = { HEADGATE_MODE: mode, CLIENT_IP_FROM: "hops:1" };
    expect(readEnvironment(env).missing?.message).toMatch(/UPSTASH_REDIS_REST_URL must be/);
  });
});
