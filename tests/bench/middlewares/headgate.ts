import { headgate } from "#lib/guard";
import { definePolicy } from "#lib/policy/define";
import { createScriptStore } from "#lib/redis/script-store";

const policy = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "1000000000 per minute" } } },
});

export default headgate(policy, {
  redis: createScriptStore({
    url: process.env["UPSTASH_REDIS_REST_URL"] ?? "",
    token: process.env["UPSTASH_REDIS_REST_TOKEN"] ?? "",
    deadlineMs: 5000,
  }),
  namespace: "bench",
  secret: "a secret of the benchmark, long enough",
  addressSource: { from: "hops", hops: 1 },
});

export const config = { matcher: ["/((?!_next/static/).*)"] };
