import { beforeAll, describe, expect, test } from "vitest";
import { definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { checkOf, gateOf } from "../bench/billed/gate.ts";
import { GROUPS } from "../bench/billed/groups.ts";
import { CHECK } from "../bench/billed/limit-cases.ts";
import { type Cost, measureBills } from "../bench/billed/world.ts";
import { startStoreProxy } from "../bench/store-proxy.ts";
import { trafficOf } from "../bench/traffic.ts";
import { startBillMeter, sumOf } from "../support/billed.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();

describe.each(GROUPS)("what docs/evidence/billed-commands.md says of $title", ({ cases }) => {
  let measured: readonly Cost[] = [];
  beforeAll(async () => {
    measured = await measureBills(live.store, cases);
  });

  test.each(cases.map((each, i) => ({ ...each, i })))(
    "Redis ran the commands that the docs print for: $what",
    ({ i, what, calls, commands }) => {
      expect(measured[i]).toEqual({ what, calls, commands });
    },
  );
});

test("the first check of a client by a counter costs as much as a later one", async () => {
  const counters = (["sliding-window", "fixed-window", "token-bucket"] as const).map(
    (algorithm) => {
      const cost = { what: algorithm, calls: 1, commands: CHECK[algorithm] };
      return checkOf(cost, { limits: { ip: "5000 per day" }, algorithm }, { after: 0 });
    },
  );
  const measured = await measureBills(live.store, counters);
  expect(measured).toEqual(
    counters.map(({ what, calls, commands }) => ({ what, calls, commands })),
  );
});

describe("the meter of billed commands", () => {
  test("a run of no checks bills nothing, though the meter itself asks Redis", async () => {
    const meter = await startBillMeter(live.store.redis.url);
    try {
      expect(await meter.of(async () => {})).toEqual({});
    } finally {
      meter.stop();
    }
  });

  test("commands that Upstash does not charge for are not billed", async () => {
    const meter = await startBillMeter(live.store.redis.url);
    try {
      const free = async () => {
        const other = live.direct.duplicate();
        await other.call("HELLO", "2");
        await other.ping();
        await other.select(0);
        await other.call("COMMAND", "COUNT");
        await other.call("CONFIG", "GET", "maxmemory");
        await other.call("RESET");
        other.disconnect();
      };
      expect(await meter.of(free)).toEqual({});
    } finally {
      meter.stop();
    }
  });

  test("a script bills its call and each command in it, and a pipeline bills each of its commands", async () => {
    const meter = await startBillMeter(live.store.redis.url);
    const redis = createRedis({ ...live.store, deadlineMs: 10_000 });
    const script = "redis.call('SET', KEYS[1], 1) for _ = 1, 3 do redis.call('INCR', KEYS[1]) end";
    try {
      expect(await meter.of(() => redis.eval(script, ["{billed}"], []))).toEqual({
        EVAL: 1,
        SET: 1,
        INCR: 3,
      });
      const pipeline = () => redis.pipeline().get("a").get("b").time().exec();
      expect(await meter.of(pipeline)).toEqual({ GET: 2, TIME: 1 });
      expect(await meter.of(() => redis.scriptLoad("return 1"))).toEqual({ "SCRIPT LOAD": 1 });
    } finally {
      meter.stop();
    }
  });
});

test("the table of middlewares counts the commands inside a script, beside the REST calls", async () => {
  const proxy = await startStoreProxy(live.store.url);
  const meter = await startBillMeter(live.store.redis.url);
  const policy = definePolicy({
    rules: { api: { match: "/api", limits: { ip: "5000 per day" } } },
  });
  const world = { ...live.store, url: proxy.url, direct: live.direct, unique: "traffic" };
  const send = gateOf(world, policy);
  try {
    await send("/api");
    const traffic = await trafficOf({ proxy, meter }, 20, async () => {
      for (let i = 0; i < 20; i += 1) expect(await send("/api")).toBe(200);
    });
    expect(traffic).toMatchObject({ calls: 1, commands: sumOf(CHECK["sliding-window"]) });
    expect(traffic.bytes).toBeGreaterThan(200);
    expect(await trafficOf({ proxy, meter }, 1, async () => {})).toEqual({
      calls: 0,
      commands: 0,
      bytes: 0,
    });
  } finally {
    await proxy.stop();
    meter.stop();
  }
});

test("@upstash/ratelimit costs by this count what Upstash's own page of its costs says", () => {
  const counts = GROUPS.find(({ title }) => title === "@upstash/ratelimit")?.cases.map(
    ({ what, commands }) => [what, sumOf(commands)],
  );
  // https://upstash.com/docs/redis/sdks/ratelimit-ts/costs, November 29, 2026: of each algorithm the
  // first request, a later one and a denied one without the cache; the bucket has no first one.
  expect(counts).toEqual([
    ["`slidingWindow`, the first check of a client", 5],
    ["`slidingWindow`, a later one", 4],
    ["`slidingWindow`, denied", 3],
    ["`fixedWindow`, the first check of a client", 3],
    ["`fixedWindow`, a later one", 2],
    ["`fixedWindow`, denied", 2],
    ["`tokenBucket`", 4],
    ["`tokenBucket`, denied", 2],
  ]);
});
