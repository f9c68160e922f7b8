import { describe, expect, test } from "vitest";
import { redisOf } from "#lib/redis/client";
import { startBillMeter } from "../support/billed.ts";
import {
  clientEntry,
  newNamespace,
  SEARCH,
  startLiveGate,
  writeEntries,
} from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const start = (namespace = newNamespace()) =>
  startLiveGate(store.store, { policy: SEARCH, namespace });

const write = (instance: ReturnType<typeof start>, entries: Record<string, object>) =>
  writeEntries(store.direct, instance.gate, entries);

const NETWORK = { kind: "block", network: "203.0.113.0/24" };
const OTHER = { ip: "198.51.100.7" };
const NO_RULE = { path: "/without-a-rule" };

describe("entries", () => {
  test("a block from before the first request holds from the second request on, without a store call", async () => {
    const instance = start();
    await write(instance, { one: NETWORK });
    expect(await instance.statuses(2)).toEqual([200, 403]);
    expect((await instance.send(NO_RULE)).status).toBe(403);
    expect((await instance.send(OTHER)).status).toBe(200);
    expect(instance.calls).toEqual([["EVALSHA", "GET"], ["EVAL"], ["TIME", "HSCAN"], ["EVALSHA"]]);
  });

  test("a block of one IPv6 address holds for the client that the address belongs to", async () => {
    const instance = start();
    await write(instance, { one: { kind: "block", network: "2001:db8:0:1::7/128" } });
    await instance.send(NO_RULE);
    expect((await instance.send({ ip: "2001:db8:0:1:2::9" })).status).toBe(403);
    expect((await instance.send({ ip: "2001:db8:0:2::7" })).status).toBe(200);
  });

  test("an override raises the limit of one client, and its response has the new limit", async () => {
    const instance = start();
    const client = clientEntry(instance.gate, "ip", "203.0.113.7");
    await write(instance, { one: { kind: "override", rule: "search", to: "2x", ...client } });
    await instance.send(OTHER);
    const response = await instance.send();
    expect(response.headers.get("ratelimit-policy")).toContain("q=6");
    expect(await instance.statuses(6)).toEqual([200, 200, 200, 200, 200, 429]);
  });

  test("a mode of all rules holds in place of HEADGATE_MODE", async () => {
    const instance = start();
    await write(instance, { one: { kind: "mode", mode: "off" } });
    expect(await instance.statuses(5)).toEqual([200, 200, 200, 200, 200]);
  });

  test("a block with HEADGATE_MODE=shadow is reported, and denies no request", async () => {
    const instance = start();
    await write(instance, { one: NETWORK, two: { kind: "mode", mode: "shadow" } });
    expect(await instance.statuses(3)).toEqual([200, 200, 200]);
    const reasons = instance.events.flatMap((event) =>
      event.kind === "decision" ? event.decision.reason : [],
    );
    expect(reasons).toEqual(["within-limit", "blocked", "blocked"]);
  });
});

describe("the version", () => {
  test("the version is read in the call of a check, at most once in two seconds, for one more billed command", async () => {
    const [plain, instance] = [startLiveGate(store.store, { policy: SEARCH }), start()];
    const meter = await startBillMeter(store.store.redis.url);
    try {
      for (const each of [plain, instance]) await each.statuses(2, OTHER);
      const without = await meter.of(() => plain.send());
      instance.pass(2000);
      instance.calls.length = 0;
      expect(await meter.of(() => instance.send())).toEqual({
        ...without,
        GET: (without["GET"] ?? 0) + 1,
      });
      expect(await meter.of(() => instance.send({ user: "ada" }))).toEqual(without);
      instance.pass(1900);
      await instance.send({ user: "ada" });
      instance.pass(100);
      await instance.send({ user: "ada" });
      expect(instance.calls).toEqual([
        ["EVALSHA", "GET"],
        ["EVALSHA"],
        ["EVALSHA"],
        ["EVALSHA", "GET"],
      ]);
    } finally {
      meter.stop();
    }
  });

  test.each<[string, (instance: ReturnType<typeof start>) => Promise<unknown>]>([
    ["a path without a rule", (instance) => instance.send(NO_RULE)],
    ["a blocked client", (instance) => instance.send(OTHER)],
    ["a denial from memory", (instance) => instance.send()],
  ])(
    "the version is read by one GET after the response to %s, once in two seconds",
    async (_, send) => {
      const instance = start();
      await write(instance, { one: { kind: "block", network: "198.51.100.0/24" } });
      expect(await instance.statuses(4)).toEqual([200, 200, 200, 429]);
      instance.calls.length = 0;
      for (let i = 0; i < 3; i += 1) await send(instance);
      expect(instance.calls).toEqual([]);
      for (let round = 1; round <= 2; round += 1) {
        instance.pass(2000);
        for (let i = 0; i < 3; i += 1) await send(instance);
        expect(instance.calls).toEqual(Array.from({ length: round }, () => ["GET"]));
      }
    },
  );

  test("the version brings a change to an instance that serves only paths without a rule", async () => {
    const instance = start();
    await instance.send(NO_RULE);
    await write(instance, { one: NETWORK });
    instance.pass(2000);
    expect(await instance.statuses(2, NO_RULE)).toEqual([200, 403]);
  });

  test("the version is not read in batches with commands that handlers send", async () => {
    const instance = start();
    const redis = redisOf(instance.gate);
    await redis.set("own", "value");
    expect(await redis.pipeline().get("own").ping().exec()).toEqual(["value", "PONG"]);
    expect(instance.calls).toEqual([["SET"], ["GET", "PING"]]);
  });

  test("the version is read in a call of a handler", async () => {
    const instance = start();
    await write(instance, { one: NETWORK });
    expect(await instance.gate.limits.limit("search", { ip: "203.0.113.7" })).toMatchObject({
      allowed: true,
    });
    await expect
      .poll(() => instance.gate.limits.limit("search", { ip: "203.0.113.7" }))
      .toMatchObject({ allowed: false, reason: "blocked", entry: "one" });
  });

  test("the version is read in a batch of calls, and every caller gets its answer", async () => {
    const instance = startLiveGate(store.store, {
      policy: SEARCH,
      env: { HEADGATE_JOIN: "1" },
    });
    await write(instance, { one: { kind: "block", network: "203.0.113.5/32" } });
    const ips = Array.from({ length: 40 }, (_, i) => `203.0.113.${i}`);
    const burst = () => Promise.all(ips.map(async (ip) => (await instance.send({ ip })).status));
    expect(await burst()).toEqual(ips.map(() => 200));
    instance.pass(2000);
    expect(await burst()).toEqual(ips.map((_, i) => (i === 5 ? 403 : 200)));
    expect(instance.calls.filter((names) => names.includes("GET"))).toHaveLength(2);
    expect(instance.calls.some((names) => names.length > 10)).toBe(true);
  });
});
