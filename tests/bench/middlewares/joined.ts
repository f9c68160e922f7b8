import { headgate } from "#lib/guard";
import { definePolicy } from "#lib/policy/define";
import { joinCalls } from "#lib/redis/joining";
import { createRequester } from "#lib/redis/requester";
import { scriptStoreOver } from "#lib/redis/script-store";

const policy = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "1000000000 per minute" } } },
});

export default headgate(policy, {
  redis: scriptStoreOver(
    joinCalls(
      createRequester({
        url: process.env["UPSTASH_REDIS_REST_URL"] ?? "",
        token: process.env["UPSTASH_REDIS_REST_TOKEN"] ?? "",
        deadlineMs: 5000,
      }),
    ),
    5000,
  ),
  namespace: "bench",
  secret: "a secret of the benchmark, long enough",
  addressSource: { from: "hops", hops: 1 },
});

export const config = { matcher: ["/((?!_next/static/).*)"] };
