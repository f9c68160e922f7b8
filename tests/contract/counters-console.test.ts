import { Analytics } from "@upstash/ratelimit";
import { describe, expect, test } from "vitest";
import { createRedis } from "#lib/redis/client";
import { countingGate, keptCounts, ownNamespace } from "../support/counters.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();

const HOUR_MS = 3_600_000;

describe("Upstash's console", () => {
  test("Upstash's console reads decisions by the package's Analytics, with those of the denial cache", async () => {
    const namespace = ownNamespace();
    const { send, sendAll } = countingGate(live.store, namespace, {
      counters: { upstashConsole: true },
    });
    for (let i = 0; i < 3; i += 1) await send("/api/x", "203.0.113.1");
    const calls = async () =>
      (await live.direct.info("commandstats")).match(/evalsha:calls=(\d+)/)?.[1];
    const before = Number(await calls());
    await sendAll(4, "/api/x", "203.0.113.1");
    // Only the write is sent: the denials called no store.
    expect(Number(await calls()) - before).toBe(1);
    const redis = createRedis({ ...live.store, deadlineMs: 10_000 });
    const analytics = new Analytics({ redis, prefix: `${namespace}:{counters}` });
    const [hour] = await analytics.getUsageOverTime(1, "identifier");
    const { allowed, ratelimited } = await analytics.getMostAllowedBlocked(1, 5);
    const usage = await analytics.getUsage(Date.now() - HOUR_MS);
    const [[identifier, counts] = []] = Object.entries(usage);
    expect(counts).toEqual({ success: 2, blocked: 5 });
    expect(identifier).toMatch(/^api:[\w-]{22}$/);
    expect(hour?.["identifier"]).toEqual({ [identifier ?? ""]: 7 });
    expect([allowed, ratelimited]).toEqual([
      [{ identifier, count: 2 }],
      [{ identifier, count: 5 }],
    ]);
  });

  test("Upstash's console has no data by default", async () => {
    const namespace = ownNamespace();
    await countingGate(live.store, namespace).send("/api/x");
    expect((await keptCounts(live.direct, namespace)).of("events")).toEqual([]);
  });
});
