import { live } from "#lib/control/live";
import { createGate } from "#lib/gate";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { countEvents } from "#lib/metrics";
import { toEach } from "#lib/observe/events";
import { logEvents } from "#lib/observe/log";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";
import { batchCalls } from "#lib/redis/batching";
import { keyNames } from "#lib/redis/keys";
import { createRequester } from "#lib/redis/requester";
import { scriptStoreOver } from "#lib/redis/script-store";

const DEADLINE_MS = 5000;
const NEVER_FULL = "1000000000 per minute";

const ONE_RULE = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: NEVER_FULL } } },
});

/** An environment variable selects the policy. */
const POLICIES: Readonly<Record<string, AnyPolicy>> = {
  unmatched: definePolicy({
    rules: { other: { match: "/other/:path*", limits: { ip: NEVER_FULL } } },
  }),
  alone: ONE_RULE,
  observed: ONE_RULE,
  live: ONE_RULE,
  one: ONE_RULE,
  three: definePolicy({
    rules: {
      api: { match: "/api/:path*", limits: { ip: NEVER_FULL } },
      ping: { match: "/api/ping", limits: { ip: "100000000 per hour" } },
      all: { match: "/:path*", limits: { global: NEVER_FULL } },
    },
  }),
  optimistic: definePolicy({
    rules: { api: { match: "/api/:path*", limits: { ip: NEVER_FULL }, admit: "optimistic" } },
  }),
  denied: definePolicy({ rules: { api: { match: "/api/:path*", limits: { ip: "1 per day" } } } }),
};

const variant = process.env["BENCH_VARIANT"] ?? "one";
const requester = createRequester({
  url: process.env["UPSTASH_REDIS_REST_URL"] ?? "",
  token: process.env["UPSTASH_REDIS_REST_TOKEN"] ?? "",
  deadlineMs: DEADLINE_MS,
});
const secret = "a secret of the benchmark, long enough";
const keys = keyNames("bench");
const keyedHash = createKeyedHash(secret);
const following =
  variant === "live" ? live({ requester, keys, keyedHash, previousHash: undefined }) : undefined;
const sends =
  variant === "alone" ? requester : batchCalls(following?.reading(requester) ?? requester);

const log = logEvents((line) => console.warn(line));
const counters = countEvents()({
  redis: scriptStoreOver(requester, DEADLINE_MS),
  keys,
  batches: true,
});

export default createGate(POLICIES[variant] ?? ONE_RULE, {
  redis: scriptStoreOver(sends, DEADLINE_MS),
  namespace: "bench",
  secret,
  keyedHash,
  live: following,
  addressSource: { from: "hops", hops: 1 },
  ...(variant === "observed" && { onEvent: toEach([log, counters]) }),
});

export const config = { matcher: ["/((?!_next/static/).*)"] };
