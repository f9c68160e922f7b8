import { createGate } from "#lib/gate";
import { connectTcp } from "#lib/gateway/direct";
import { definePolicy } from "#lib/policy/define";
import { scriptStoreOver } from "#lib/redis/script-store";

// The rule of headgate.ts in a proxy.ts, which Next runs in Node, with a Redis over TCP as its store.
const DEADLINE_MS = 5000;
const { requester } = connectTcp({
  redisUrl: process.env["REDIS_URL"] ?? "",
  deadlineMs: DEADLINE_MS,
});
const policy = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "1000000000 per minute" } } },
});

export default createGate(policy, {
  redis: scriptStoreOver(requester, DEADLINE_MS),
  namespace: "bench",
  secret: "a secret of the benchmark, long enough",
  addressSource: { from: "hops", hops: 1 },
});

export const config = { matcher: ["/((?!_next/static/).*)"] };
