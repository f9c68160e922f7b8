import type { NextConfig } from "#lib/audit/next-config";
import { explainRequest } from "#lib/cli/explain/explain";
import { requestMaker } from "#lib/cli/explain/request";
import { fromEnv } from "#lib/env";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";
import { ROOT } from "./app.ts";

export const POLICY = definePolicy({
  identities: {
    user: ({ headers }: Request) => headers.get("authorization") ?? undefined,
  },
  exempt: { "/api/health": "asked every second" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "200 per minute" } },
    search: { match: "/api/search", methods: ["POST"], limits: { "user|ip": "3 per minute" } },
    upload: { match: "/api/files/:name", limits: { ip: "9 per hour" }, cost: 3, replaces: ["api"] },
    trial: { match: "/api/search", limits: { global: "5 per day" }, mode: "shadow" },
    login: { limits: { ip: "5 per hour" } },
  },
});

export const ENVIRONMENT = fromEnv({
  NODE_ENV: "production",
  HEADGATE_SECRET: "a secret of at least 32 characters, made up",
  HEADGATE_NAMESPACE: "shop",
  CLIENT_IP_FROM: "hops:1",
});

interface ExplainOptions {
  readonly headers?: readonly string[];
  readonly ip?: string;
  readonly config?: NextConfig;
  readonly policy?: AnyPolicy;
}

/** Explains a request without a store. */
export function explain(
  method: string,
  url: string,
  { headers = [], ip, config = {}, policy = POLICY }: ExplainOptions = {},
) {
  return explainRequest({
    policy,
    request: requestMaker(ROOT, { method, url, headers }, config),
    environment: ENVIRONMENT,
    secret: { source: "HEADGATE_SECRET", warning: undefined },
    rewrites: undefined,
    ip,
  });
}
