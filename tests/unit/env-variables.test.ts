import { describe, expect, test } from "vitest";
import { fromEnv } from "#lib/env";

const base = {
  UPSTASH_REDIS_REST_URL: "https://store.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  CLIENT_IP_FROM: "hops:1",
};

describe("Headgate's variables", () => {
  test("HEADGATE_LEGACY_HEADERS is read as false, true or only", () => {
    const read = (value: string) =>
      fromEnv({ ...base, HEADGATE_LEGACY_HEADERS: value }).legacyHeaders;
    expect(["0", "1", "only"].map(read)).toEqual([false, true, "only"]);
  });

  test("bodies are truncated by Next's own server, and not on Vercel", () => {
    const read = (more: Record<string, string>) => fromEnv({ ...base, ...more }).nextMaxBody;
    expect(read({ VERCEL: "1" })).toBeUndefined();
    expect(read({ VERCEL: "1", HEADGATE_SERVER: "1" })).toBe(10_485_760);
  });

  test.each([
    ["trusted:10.0.0.0/8,fd00::/8", { from: "trusted" }],
    [" header:Fly-Client-IP\n", { from: "header", header: "fly-client-ip" }],
  ])("CLIENT_IP_FROM=%j is accepted", (CLIENT_IP_FROM, source) => {
    expect(fromEnv({ ...base, CLIENT_IP_FROM }).clientAddress).toMatchObject(source);
  });

  test("two apps, and a preview and production, have different namespaces", () => {
    const read = (more: Record<string, string>) => fromEnv({ ...base, ...more });
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

  test("HEADGATE_NAMESPACE replaces the namespace of a preview", () => {
    expect(fromEnv({ ...base, VERCEL_ENV: "production" }).namespace).toBe("production");
    expect(fromEnv({ ...base, VERCEL_ENV: "preview", HEADGATE_NAMESPACE: "shop" }).namespace).toBe(
      "shop",
    );
  });

  test("the variables of Vercel's integration name the store when ours are not set", () => {
    const kv = { KV_REST_API_URL: "https://kv.example", KV_REST_API_TOKEN: "kv" };
    expect(fromEnv(kv).store).toMatchObject({ url: "https://kv.example", token: "kv" });
    expect(fromEnv({ ...kv, ...base }).store).toMatchObject({
      url: "https://store.example",
      token: "token",
    });
    expect(fromEnv({ ...kv, UPSTASH_REDIS_REST_URL: "" }).store.url).toBe("https://kv.example");
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
    ["CORS_ORIGINS", "https://a.example/"],
    ["CORS_ORIGINS", "a.example"],
    ["CORS_EXPOSED_HEADERS", "X-Total-Count; ETag"],
  ])("%s=%s is rejected by its name, without the value", (name, value) => {
    let message = "";
    try {
      fromEnv({ ...base, [name]: value });
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect(message).toContain(`${name} must be `);
    expect(message.includes(value) && value !== "").toBe(false);
  });
});
