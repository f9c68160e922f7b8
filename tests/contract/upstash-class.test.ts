import { Ratelimit } from "@upstash/ratelimit";
import { expect, test, vi } from "vitest";
import { CLIENT_SEPARATOR, settleTogether } from "#lib/limit/algorithm";
import { RedisLimits } from "#lib/limit/stores/redis";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();

test("a rule set is an algorithm of @upstash/ratelimit's own class", async () => {
  const policy = compilePolicy(
    definePolicy({ rules: { search: { limits: { ip: ["3 per minute", "5 per hour"] } } } }),
    {},
  );
  const rules = policy.rule("search")?.applyTo({
    identity: () => undefined,
    isEnforced: () => true,
  });
  if (!rules) throw new Error("There is no such rule.");
  const keys = keyNames("of-the-class");
  const ratelimit = new Ratelimit({
    redis: createRedis({ ...live.store, deadlineMs: 10_000 }),
    limiter: settleTogether(rules, keys, (redis) => new RedisLimits(redis)),
    prefix: keys.rateLimitPrefix,
  });
  const client = ["a", "a"].join(CLIENT_SEPARATOR);
  const taken = await ratelimit.limit(client);
  expect(taken).toMatchObject({ success: true, limit: 3, remaining: 2 });
  expect(await ratelimit.getRemaining(client)).toMatchObject({ limit: 3, remaining: 2 });
  expect((await ratelimit.limit(client, { rate: 3 })).success).toBe(false);
  expect((await ratelimit.limit(client, { rate: 2 })).success).toBe(true);
  expect((await ratelimit.limit(client)).reset).toBeGreaterThan(taken.reset - 60_000);
  const clock = vi.spyOn(Date, "now").mockReturnValue(1_000_000);
  const { reset } = await ratelimit.limit(client);
  clock.mockRestore();
  expect(reset).toBeGreaterThan(1_000_000);
  expect(reset).toBeLessThanOrEqual(1_060_000);
  await ratelimit.resetUsedTokens(client);
  expect(await ratelimit.limit(client)).toMatchObject({ success: true, remaining: 2 });
});
