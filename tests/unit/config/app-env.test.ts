import { describe, expect, test } from "vitest";
import { readEnvironment } from "#config/app-env";
import { readGateEnvironment } from "#config/gate-env";
import { SettingsError } from "#lib/core/settings";
import { fromEnv } from "#lib/env";

const base = {
  UPSTASH_REDIS_REST_URL: "https://store.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  CLIENT_IP_FROM: "hops:1",
};
const long = "a secret that is at least 32 characters long";

describe("the environment", () => {
  test("the environment has a default for every variable but the store's", () => {
    expect(readEnvironment(base)).toEqual({
      ...fromEnv(base),
      auth: { secrets: [], audience: "headgate" },
      appOrigin: undefined,
      instagram: { url: "https://graph.instagram.com", token: undefined },
    });
  });

  test("the environment has the receiver of traces and metrics, and none when it is not set", () => {
    const headers = "OTEL_EXPORTER_OTLP_HEADERS";
    const otel = (more: Record<string, string>) => readEnvironment({ ...base, ...more }).otel;
    const url = "https://otlp.example/otlp";
    expect(otel({ [headers]: "api-key=secret" })).toBeUndefined();
    expect(otel({ OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/` })).toEqual({
      url,
      headers: {},
      intervalMs: 60_000,
      temporality: "cumulative",
      sendsMetrics: true,
    });
    expect(
      otel({
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        [headers]: "Authorization=Basic%20YQ==, x-sentry-auth=sentry sentry_key=k",
        OTEL_METRIC_EXPORT_INTERVAL: "1000",
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
        OTEL_METRICS_EXPORTER: "none",
      }),
    ).toEqual({
      url,
      headers: { Authorization: "Basic YQ==", "x-sentry-auth": "sentry sentry_key=k" },
      intervalMs: 1000,
      temporality: "delta",
      sendsMetrics: false,
    });
    for (const wrong of ["secret", "=secret", "a b=secret", "key=%", "key=a%0Ab", "key="]) {
      expect(() => otel({ [headers]: wrong })).toThrow(
        /OTEL_EXPORTER_OTLP_HEADERS must be headers/,
      );
    }
  });

  test("the environment sends a token only to Instagram, or to a stand-in on this machine", () => {
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

  test("the environment has the set variables, and treats an empty one as unset", () => {
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

  test("the environment signs visitors' headers with a secret that no client can guess, or with none", () => {
    const visitorSecret = (more: Record<string, string>) =>
      readEnvironment({ CLIENT_IP_FROM: "hops:1", ...more }).visitorSecret;
    const open = { REDIS_URL: "redis://127.0.0.1:6379" };
    const closed = { REDIS_URL: "redis://:a-password@127.0.0.1:6379" };
    const { secret } = readEnvironment({ CLIENT_IP_FROM: "hops:1", ...open });
    expect(visitorSecret(open)).toBeUndefined();
    // Our server starts the app like this: by REST, with the secret that it derived.
    expect(visitorSecret({ ...base, ...open, HEADGATE_SECRET: secret })).toBeUndefined();
    expect(visitorSecret({ ...open, HEADGATE_SECRET: long })).toBe(long);
    expect(visitorSecret({ ...base, ...open })).toBe("headgate:token");
    expect(visitorSecret(closed)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ["AUTH_SECRET", "sh0rt-s3cret"],
    ["INSTAGRAM_API_URL", "http://graph.instagram.com"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com.evil.example"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com@evil.example"],
    ["INSTAGRAM_API_URL", "https://graph.instagram.com:8443"],
    ["INSTAGRAM_STAND_IN", "http://169.254.169.254/"],
    ["INSTAGRAM_STAND_IN", "https://localhost.evil.example"],
    ["INSTAGRAM_ACCESS_TOKEN", "a token of two words"],
    ["APP_ORIGIN", "https://app.example/"],
  ])(
    "the environment rejects %s=%s, names the variable, and does not repeat the value",
    (name, value) => {
      let message = "";
      try {
        readEnvironment({ ...base, [name]: value });
      } catch (error) {
        message = error instanceof Error ? error.message : "";
      }
      expect(message).toContain(`${name} must be `);
      expect(message.includes(value) && value !== "").toBe(false);
    },
  );
});

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) return Object.keys(error.mustBe);
    throw error;
  }
  return [];
}

describe("one bad start", () => {
  const bad = {
    ...base,
    HEADGATE_MODE: "of",
    CORS_ORIGINS: "a.example",
    REDIS_URL: "localhost",
    AUTH_SECRET: "short",
    APP_ORIGIN: "app.example",
    INSTAGRAM_ACCESS_TOKEN: "two words",
  };

  test("one error names the wrong variables of Headgate and of the sample", () => {
    expect(faultsOf(() => readEnvironment(bad)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "APP_ORIGIN",
      "AUTH_SECRET",
      "CORS_ORIGINS",
      "HEADGATE_MODE",
      "INSTAGRAM_ACCESS_TOKEN",
      "REDIS_URL",
    ]);
  });

  test("an error names the sample's variables before it names a missing source of client addresses", () => {
    const env = { ...bad, ...base, CLIENT_IP_FROM: "", NODE_ENV: "production" };
    expect(faultsOf(() => readEnvironment(env))).toContain("APP_ORIGIN");
  });

  test("at the edge an error names the gate's variables, and not the handlers'", () => {
    const faults = faultsOf(() => readGateEnvironment(bad));
    expect(faults.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "AUTH_SECRET",
      "CORS_ORIGINS",
      "HEADGATE_MODE",
      "REDIS_URL",
    ]);
  });
});
