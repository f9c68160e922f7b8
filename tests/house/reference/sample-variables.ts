import type { VariableWords } from "#lib/cli/reference/variables";

/** The words about the sample's own variables. */
export const SAMPLE_VARIABLES: Readonly<Record<string, VariableWords>> = {
  AUTH_SECRET: {
    sets: "the secret that verifies users' tokens (JWT, HS256)",
    standard:
      "under `npm start` one that this machine makes (`.headgate/auth-secret`); elsewhere no user is signed in",
  },
  AUTH_SECRET_PREVIOUS: { sets: "the secret that is being rotated out" },
  AUTH_AUDIENCE: { sets: "the audience of users' tokens" },
  APP_ORIGIN: {
    sets: "the origin of the app in browsers: a POST with a session cookie must come from it",
    standard: "the request's Host",
  },
  INSTAGRAM_ACCESS_TOKEN: {
    sets: "the token with which the connection to Instagram begins ([the sample and Instagram](../internals/instagram.md))",
    standard: "under `npm start` that of a stand-in for Instagram on this machine",
  },
  INSTAGRAM_API_URL: {
    sets: "the address of Instagram's API",
    standard: "`https://graph.instagram.com`",
  },
  INSTAGRAM_STAND_IN: {
    sets: "the address of another stand-in for Instagram",
    standard: "that of `npm start`",
  },
  DEMO_ACCOUNTS: {
    sets: "the accounts that can sign in at the sample's `/login`",
    mustBe: "entries that `node app/_domain/auth/new-account.ts` prints, separated by spaces",
    standard: "none; `demo` under `npm run dev`",
  },
  SAMPLE_SIGN_IN: {
    sets: "where a click on the start page signs in a sample artist or a sample admin without a password: with `loopback` where the Host is this machine, with `1` at every address, where any client can then become the admin",
    standard:
      "`loopback` under `npm start` and `npm run dev`, unless `AUTH_SECRET`, `APP_ORIGIN`, a `HOST` beyond this machine or a `CLIENT_IP_FROM` other than `socket` is set; elsewhere `0`",
  },
  METRICS_TOKEN: {
    sets: "the token that a scraper of `/api/metrics` must send as `Authorization: Bearer <token>` ([metrics](../operate/metrics.md))",
    standard: "none: `/api/metrics` answers 404",
  },
  METRICS_WINDOW_MS: {
    sets: "how long counts wait in an instance before they are written to Redis",
    standard: "2 s under our server, 10 s elsewhere",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    sets: "where traces and metrics are sent, by OTLP/HTTP, without `/v1/traces` ([OpenTelemetry](../operate/opentelemetry.md))",
    standard: "none: nothing is sent",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    sets: "headers that are sent with them, such as a key of the receiver",
    standard: "none",
  },
  OTEL_METRIC_EXPORT_INTERVAL: { sets: "how often metrics are sent, in milliseconds" },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    sets: "whether metrics are sent as sums since the start of an instance, or as what was added since the last call",
  },
  OTEL_METRICS_EXPORTER: { sets: "whether metrics are sent" },
};
