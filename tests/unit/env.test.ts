import { describe, expect, test } from "vitest";
import { SettingsError, type Variables } from "#lib/core/settings";
import { fromEnv } from "#lib/env";
import type { FromEnvOptions } from "#lib/environment";
import { GATE_VARIABLES } from "#lib/gate-variables";

const base = {
  UPSTASH_REDIS_REST_URL: "https://store.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  CLIENT_IP_FROM: "hops:1",
};
const long = "a secret that is at least 32 characters long";
const redis = "redis://:a-password@127.0.0.1:6379/3";

function faultsOf(env: Variables, options?: FromEnvOptions): Readonly<Record<string, string>> {
  try {
    fromEnv(env, options);
  } catch (error) {
    if (error instanceof SettingsError) return error.mustBe;
    throw error;
  }
  return {};
}

/** Returns the names of the variables that fromEnv reads. */
function namesRead(options?: FromEnvOptions): readonly string[] {
  const names = new Set<string>();
  const refuse = () => expect.unreachable("fromEnv lists the variables of other programs");
  const source = new Proxy<Variables>(base, {
    get: (env, name) => {
      names.add(String(name));
      return env[String(name)];
    },
    ownKeys: refuse,
    has: refuse,
  });
  fromEnv(source, options);
  return [...names].toSorted((a, b) => a.localeCompare(b));
}

const sorted = (names: readonly string[]) => names.toSorted((a, b) => a.localeCompare(b));

describe("fromEnv", () => {
  test("fromEnv has a default for every setting but the store and the source of addresses", () => {
    expect(fromEnv(base)).toStrictEqual({
      store: { url: "https://store.example", token: "token", deadlineMs: 500 },
      cluster: false,
      batches: false,
      mode: "enforce",
      namespace: "local",
      isNamespaceShared: true,
      secret: "headgate:token",
      visitorSecret: "headgate:token",
      clientAddress: { from: "hops", hops: 1 },
      ipv6Prefix: 64,
      corsOrigins: [],
      corsExposedHeaders: [],
      isSecretSet: false,
      previousSecret: undefined,
      legacyHeaders: false,
      nextMaxBody: 10_485_760,
    });
  });

  test("fromEnv reads the variables of its table, and no others", () => {
    expect(namesRead()).toEqual(sorted(Object.keys(GATE_VARIABLES)));
    const withRedis = [...Object.keys(GATE_VARIABLES), "MY_REDIS"];
    expect(namesRead({ redisVariable: "MY_REDIS" })).toEqual(sorted(withRedis));
  });

  test("fromEnv does not check variables of other programs", () => {
    const others = { AUTH_SECRET: "short", REDIS_URL: "localhost", PORT: "all", APP_ORIGIN: "x" };
    expect(fromEnv({ ...base, ...others })).toStrictEqual(fromEnv(base));
  });

  test("fromEnv names every variable at fault at once, without values", () => {
    const bad = {
      ...base,
      UPSTASH_REDIS_REST_TOKEN: '"Hunter2"',
      KV_REST_API_URL: "Hunter2",
      HEADGATE_STORE_DEADLINE_MS: "Hunter2",
      HEADGATE_MODE: "Hunter2",
      HEADGATE_SECRET: "Hunter2",
      CLIENT_IP_FROM: "trusted:10.0.0.0/40",
      CORS_ORIGINS: "Hunter2",
      VERCEL: "1",
      HEADGATE_JOIN: "1",
    };
    const faults = faultsOf(bad);
    expect(sorted(Object.keys(faults))).toEqual([
      "CLIENT_IP_FROM",
      "CORS_ORIGINS",
      "HEADGATE_JOIN",
      "HEADGATE_MODE",
      "HEADGATE_SECRET",
      "HEADGATE_STORE_DEADLINE_MS",
      "KV_REST_API_URL",
      "UPSTASH_REDIS_REST_TOKEN",
    ]);
    expect(() => fromEnv(bad)).toThrow(/^The environment cannot be used\. (?!.*Hunter2)/);
  });

  test("fromEnv names a missing token beside the other faults", () => {
    const { UPSTASH_REDIS_REST_URL, CLIENT_IP_FROM } = base;
    const env = { UPSTASH_REDIS_REST_URL, CLIENT_IP_FROM, HEADGATE_MODE: "of" };
    expect(faultsOf(env)).toEqual({
      HEADGATE_MODE: "enforce, shadow or off",
      UPSTASH_REDIS_REST_TOKEN: "set, since UPSTASH_REDIS_REST_URL is",
    });
  });
});

describe("a Redis by TCP", () => {
  const env = { CLIENT_IP_FROM: "hops:1", REDIS_URL: redis, MY_REDIS: redis };

  test("REDIS_URL is no store for the edge, and the error names the remedies", () => {
    const { missing, store } = fromEnv(env);
    expect(store.url).toBeUndefined();
    expect(missing).toBeInstanceOf(SettingsError);
    const { UPSTASH_REDIS_REST_URL: words, ...others } = (missing as SettingsError).mustBe;
    expect(words).toContain("the edge has no TCP");
    expect(words).toContain("gateway");
    expect(words).toContain("headgate/tcp");
    expect(Object.keys(others)).toEqual(["UPSTASH_REDIS_REST_TOKEN"]);
  });

  test("the variable that redisVariable names is the store", () => {
    for (const redisVariable of ["REDIS_URL", "MY_REDIS"]) {
      const { store, secret } = fromEnv(env, { redisVariable });
      expect(store).toEqual({ url: redis, token: "", deadlineMs: 500 });
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(fromEnv({ ...env, ...base }, { redisVariable: "MY_REDIS" }).store.token).toBe("token");
  });

  test("the error for an invalid Redis address names only the variable of redisVariable", () => {
    const bad = { ...env, MY_REDIS: "localhost" };
    const options = { redisVariable: "MY_REDIS" };
    expect(Object.keys(faultsOf(bad, options))).toEqual(["MY_REDIS"]);
    expect(Object.keys(faultsOf({ ...bad, ...base }, options))).toEqual(["MY_REDIS"]);
    const ofCluster = { ...env, HEADGATE_CLUSTER: "1" };
    expect(faultsOf(ofCluster, options)).toEqual({
      MY_REDIS: expect.stringContaining("without a database"),
    });
    // Beside a REST store, the Redis is not used.
    expect(faultsOf({ ...ofCluster, ...base }, options)).toEqual({});
  });
});

describe("the missing setting of fromEnv", () => {
  const { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } = base;
  const store = { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN };
  const production = { NODE_ENV: "production" };

  test.each<readonly [string, Variables, string | undefined]>([
    ["a store in production", { ...production, CLIENT_IP_FROM: "hops:1" }, "ENV_INVALID"],
    ["a store on Vercel", { ...production, VERCEL: "1" }, "ENV_INVALID"],
    ["a store when NODE_ENV is not set", {}, "ENV_INVALID"],
    ["the address in production", { ...production, ...store }, "CLIENT_ADDRESS_UNKNOWN"],
    ["nothing with both", { ...production, ...base }, undefined],
    ["nothing in development", { NODE_ENV: "development" }, undefined],
    ["nothing with HEADGATE_MODE=off", { ...production, HEADGATE_MODE: "off" }, undefined],
  ])("the missing setting is %s", (_, env, code) => {
    expect(fromEnv(env).missing?.code).toBe(code);
  });

  test("a setting that is set and cannot be used throws, and is not missing", () => {
    expect(() => fromEnv({ ...production, ...store, CLIENT_IP_FROM: "socket" })).toThrow(
      expect.objectContaining({ code: "CLIENT_ADDRESS_UNKNOWN" }),
    );
    const half = { NODE_ENV: "development", UPSTASH_REDIS_REST_URL };
    expect(Object.keys(faultsOf(half))).toEqual(["UPSTASH_REDIS_REST_TOKEN"]);
  });

  test("without a store no header is signed by a secret that a client knows", () => {
    expect(fromEnv({ NODE_ENV: "development" }).visitorSecret).toBeUndefined();
    const secret = { NODE_ENV: "development", HEADGATE_SECRET: long };
    expect(fromEnv(secret).visitorSecret).toBe(long);
  });
});

test("no header is signed by a secret that our server knows to be guessable", () => {
  const env = { ...base, HEADGATE_SECRET: long };
  expect(fromEnv(env).visitorSecret).toBe(long);
  expect(fromEnv({ ...env, HEADGATE_SECRET_GUESSABLE: "1" })).toMatchObject({
    secret: long,
    visitorSecret: undefined,
  });
});
