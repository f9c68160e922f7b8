import { expect, test } from "vitest";
import { definePolicy } from "headgate";
import { redisOf } from "headgate/redis";
import { createTestGate, expectAllowed, expectDenied } from "headgate/testing";

const policy = definePolicy({
  defaults: { headers: "always" },
  rules: {
    search: { match: "/api/search", limits: { ip: ["3 per minute", "5 per hour"] } },
    local: { match: "/local", limits: { ip: "1 per minute" }, onStoreFailure: "local" },
    quick: { match: "/quick", limits: { ip: "20 per minute" }, admit: "optimistic" },
  },
});

test("a count ends exactly when the clock reaches its end", async () => {
  const gate = createTestGate(policy);
  for (const remaining of [2, 1, 0]) {
    expectAllowed(await gate.send("/api/search"), { rule: "search", remaining });
  }
  expectDenied(await gate.send("/api/search"), { rule: "search", retryAfter: "1 minute" });
  await gate.advance(59_999);
  expectDenied(await gate.send("/api/search"), { retryAfter: 1 });
  await gate.advance(1);
  expectAllowed(await gate.send("/api/search"));
});

test("a denial is remembered, and dropped when the clock moves", async () => {
  const gate = createTestGate(policy);
  await gate.exhaust("search");
  await gate.send("/api/search");
  await gate.advance("10 seconds");
  await gate.send("/api/search");
  await gate.advance("20 seconds");
  await gate.send("/api/search");
  const decisions = (await gate.events()).flatMap((event) =>
    event.kind === "decision" ? [event.decision] : [],
  );
  // A denial is remembered for at most 30 seconds.
  expect(decisions.map(({ remembered = false }) => remembered)).toEqual([false, true, false]);
  expect(decisions.map(({ retryAfterMs = 0 }) => retryAfterMs / 1000)).toEqual([3600, 3590, 3570]);
});

test("the breaker opens after five failures, and tries again when the clock moves", async () => {
  const gate = createTestGate(policy);
  gate.storeIs("down");
  for (let i = 0; i < 6; i += 1) expectAllowed(await gate.send("/api/search"));
  gate.storeIs("up");
  await gate.send("/api/search");
  await gate.advance(100);
  await gate.send("/api/search");
  const events = await gate.events();
  const codes = events.flatMap((event) =>
    event.kind === "store" ? [(event.error as { code?: string } | undefined)?.code] : [],
  );
  expect(codes).toEqual([
    ...Array.from({ length: 5 }, () => "STORE_TIMEOUT"),
    "STORE_NOT_TRIED",
    "STORE_NOT_TRIED",
    undefined,
  ]);
  expect(events.flatMap((event) => (event.kind === "breaker" ? [event.state] : []))).toEqual([
    "open",
    "closed",
  ]);
});

test("local counts end by the clock too while the store is down", async () => {
  const gate = createTestGate(policy);
  gate.storeIs("down");
  expectAllowed(await gate.send("/local"));
  expectDenied(await gate.send("/local"), { rule: "local", retryAfter: 60 });
  await gate.advance("1 minute");
  expectAllowed(await gate.send("/local"));
});

test("an optimistic rule relies on its last count for ten seconds of the clock", async () => {
  const gate = createTestGate(policy);
  await gate.send("/quick");
  await gate.send("/quick");
  await gate.advance(10_001);
  await gate.send("/quick");
  const counted = (await gate.events()).flatMap((event) =>
    event.kind === "decision" ? [event.decision.counted] : [],
  );
  expect(counted).toEqual(["in-store", "after-answer", "in-store"]);
});

test("keys of the app's own end by the clock", async () => {
  const gate = createTestGate(policy);
  const redis = redisOf(gate);
  await redis.set("draft", { title: "Song" }, { ex: 60 });
  await redis.pipeline().incr("n").incr("n").exec();
  await gate.advance("59 seconds");
  expect([await redis.get("draft"), await redis.get("n")]).toEqual([{ title: "Song" }, 2]);
  await gate.advance("1 second");
  expect(await redis.get("draft")).toBeNull();
  expect(await redis.multi().set("a", "1").get("a").exec()).toEqual(["OK", 1]);
});

test("the store refuses the same commands as our gateway", async () => {
  const refused = redisOf(createTestGate(policy)).keys("*");
  await expect(refused).rejects.toMatchObject({ code: "STORE_REJECTED" });
});
