import { describe, expect, test } from "vitest";
import { readEnvironment } from "#config/env";

const base = {
  UPSTASH_REDIS_REST_URL: "https://store.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  CLIENT_IP_FROM: "hops:1",
};
const long = "a secret that is at least 32 characters long";

describe("the environment", () => {
  test("has a default for everything but the store", () => {
    expect(readEnvironment(base)).toEqual({
      store: { url: "https://store.example", token: "token", deadlineMs: 500 },
      cluster: false,
      joins: false,
      mode: "enforce",
      namespace: "local",
      isNamespaceShared: true,
      secret: "headgate:token",
      visitorSecret: "headgate:token",
      clientAddress: { from: "hops", hops: 1 },
      ipv6Prefix: 64,
      auth: { secrets: [], audience: "headgate" },
      appOrigin: undefined,
      instagram: { url: "https://graph.instagram.com", token: undefined },
      corsOrigins: [],
      corsExposedHeaders: [],
      legacyHeaders: false,
      cutAt: 10_485_760,
    });
  });

  test("sends a token to Instagram alone, or to a stand-in on this machine", () => {
    const url = (more: Record<string, string>) =>
      readEnvironment({ ...base, ...more }).instagram.url;
    const facebook = "https://graph.facebook.com/v25.0";
    expect(url({ INSTAGRAM_API_URL: facebook })).toBe(facebook);
    const elsewhere = "http://staging.example:8090";
    expect(url({ INSTAGRAM_API_URL: elsewhere, NODE_ENV: "development" })).toBe(elsewhere);
    for (const standIn of ["http://127.0.0.1:8090", "http://[::1]:8090", "http://localhost:1"]) {
      expect(url({ INSTAGRAM_STAND_IN: standIn, NODE_ENV: "production" })).toBe(standIn);
    }
  });

  test("sends the older headers beside the standard's, in their place, or not", () => {
    const read = (value: string) =>
      readEnvironment({ ...base, HEADGATE_LEGACY_HEADERS: value }).legacyHeaders;
    expect(["0", "1", "only"].map(read)).toEqual([false, true, "only"]);
  });

  test("knows a cut of bodies where Next's own server runs, and none on Vercel", () => {
    const read = (more: Record<string, string>) => readEnvironment({ ...base, ...more }).cutAt;
    expect(read({ VERCEL: "1" })).toBeUndefined();
    expect(read({ VERCEL: "1", HEADGATE_SERVER: "1" })).toBe(10_485_760);
  });

  test("reads what is set, and takes an empty variable for one that is not", () => {
    const env = readEnvironment({
      ...base,
      HEADGATE_SECRET: long,
      HEADGATE_STORE_DEADLINE_MS: "250",
      HEADGATE_LEGACY_HEADERS: "1",
      HEADGATE_CLUSTER: "1",
      CORS_ORIGINS: "https://a.example, https://b.example:8443",
      CORS_EXPOSED_HEADERS: "X-Total-Count , ETag,",
      AUTH_SECRET: long,
      AUTH_SECRET_PREVIOUS: "",
      VERCEL_ENV: "preview",
    });
    expect(env).toMatchObject({
      store: { deadlineMs: 250 },
      secret: long,
      namespace: "preview",
      cluster: true,
      legacyHeaders: true,
      corsOrigins: ["https://a.example", "https://b.example:8443"],
      corsExposedHeaders: ["X-Total-Count", "ETag"],
      auth: { secrets: [long] },
    });
  });

  test("signs visitors' headers with a secret that no client can guess, or with none", () => {
    const visitorSecret = (more: Record<string, string>) =>
      readEnvironment({ CLIENT_IP_FROM: "hops:1", ...more }).visitorSecret;
    const open = { REDIS_URL: "redis://127.0.0.1:6379" };
    const closed = { REDIS_URL: "redis://:a-password@127.0.0.1:6379" };
    const { secret } = readEnvironment({ CLIENT_IP_FROM: "hops:1", ...open });
    expect(visitorSecret(open)).toBeUndefined();
    // As our own server starts the app: by REST, with the secret that it derived.
    expect(visitorSecret({ ...base, ...open, HEADGATE_SECRET: secret })).toBeUndefined();
    expect(visitorSecret({ ...open, HEADGATE_SECRET: long })).toBe(long);
    expect(visitorSecret({ ...base, ...open })).toBe("headgate:token");
    expect(visitorSecret(closed)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ["trusted:10.0.0.0/8,fd00::/8", { from: "trusted" }],
    [" header:Fly-Client-IP\n", { from: "header", header: "fly-client-ip" }],
  ])("takes CLIENT_IP_FROM=%j", (CLIENT_IP_FROM, source) => {
    expect(readEnvironment({ ...base, CLIENT_IP_FROM }).clientAddress).toMatchObject(source);
  });

  test("keeps an app's counts from those of another app, and a preview's from production's", () => {
    const read = (more: Record<string, string>) => readEnvironment({ ...base, ...more });
    const names = [
      { HEADGATE_APP: "shop", NODE_ENV: "production", CLIENT_IP_FROM: "hops:1" },
      { HEADGATE_APP: "shop", NODE_ENV: "development" },
      { HEADGATE_APP: "blog", NODE_ENV: "development" },
      { VERCEL_PROJECT_ID: "prj_1", VERCEL_ENV: "production" },
      { VERCEL_PROJECT_ID: "prj_1", VERCEL_ENV: "preview" },
      { VERCEL_PROJECT_ID: "prj_2", VERCEL_ENV: "production" },
    ].map((more) => read(more));
    expect(new Set(names.map(({ namespace }) => namespace)).size).toBe(6);
    for (const { namespace, isNamespaceShared } of names) {
      expect(namespace).toMatch(/^[A-Za-z0-9_-]{8}$/);
      expect(isNamespaceShared).toBe(false);
    }
    const onVercel = { VERCEL_PROJECT_ID: "prj_1", VERCEL_ENV: "preview" };
    expect(read({ ...onVercel, HEADGATE_APP: "shop" }).namespace).toBe(read(onVercel).namespace);
    expect(read({}).isNamespaceShared).toBe(true);
    expect(read({ HEADGATE_NAMESPACE: "shop" }).isNamespaceShared).toBe(false);
  });

  test("keeps a preview's quota apart, unless a namespace is set", () => {
    expect(readEnvironment({ ...base, VERCEL_ENV: "production" }).namespace).toBe("production");
    expect(
      readEnvironment({ ...base, VERCEL_ENV: "preview", HEADGATE_NAMESPACE: "shop" }).namespace,
    ).toBe("shop");
  });

  test("takes the store by the names of Vercel's integration, where ours are not set", () => {
    const kv = { KV_REST_API_URL: "https://kv.example", KV_REST_API_TOKEN: "kv" };
    expect(readEnvironment(kv).store).toMatchObject({ url: "https://kv.example", token: "kv" });
    expect(readEnvironment({ ...kv, ...base }).store).toMatchObject({
      url: "https://store.example",
      token: "token",
    });
    expect(readEnvironment({ ...kv, UPSTASH_REDIS_REST_URL: "" }).store.url).toBe(
      "https://kv.example",
    );
  });

  test.each([
    ["UPSTASH_REDIS_REST_URL", "redis://store.example"],
    ["UPSTASH_REDIS_REST_TOKEN", ""],
    ["HEADGATE_STORE_DEADLINE_MS", "soon"],
    ["HEADGATE_STORE_DEADLINE_MS", "5"],
    ["HEADGATE_SECRET", "sh0rt-s3cret"],
    ["HEADGATE_NAMESPACE", "a b"],
    ["CLIENT_IP_FROM", "trusted:0.0.0.0/0"],
    ["CLIENT_IP_FROM", "trusted:10.0.0.0/40"],
    ["CLIENT_IP_FROM", "header:x-forwarded-for"],
    ["CLIENT_IPV6_PREFIX", "47"],
    ["CLIENT_IPV6_PREFIX", "129"],
    ["CLIENT_IPV6_PREFIX", "56.5"],
    ["HEADGATE_LEGACY_HEADERS", "yes"],
    ["AUTH_SECRET", "sh0rt-s3cret"],
    ["INSTAGRAM_API_URL", "http://graph.instagram.com"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com.evil.example"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com@evil.example"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com:8443"],
    ["INSTAGRAM_STAND_IN", "http://169.254.169.254/"],
    ["INSTAGRAM_STAND_IN", "https://localhost.evil.example"],
    ["INSTAGRAM_ACCESS_TOKEN", "a token of two words"],
    ["APP_ORIGIN", "https://app.example/"],
    ["CORS_ORIGINS", "https://a.example/"],
    ["CORS_ORIGINS", "a.example"],
    ["CORS_EXPOSED_HEADERS", "X-Total-Count; ETag"],
  ])("refuses %s=%s by its name, and does not repeat what was given", (name, value) => {
    let message = "";
    try {
      readEnvironment({ ...base, [name]: value });
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect(message).toContain(`${name} must be `);
    expect(message.includes(value) && value !== "").toBe(false);
  });
});
