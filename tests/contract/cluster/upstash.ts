import { Ratelimit } from "@upstash/ratelimit";
import { Redis as UpstashRedis } from "@upstash/redis";
import { describe, expect, test } from "vitest";
import { a, b, c, type Front } from "./front.ts";

/** Tests Upstash's packages before a cluster. */
export function testUpstash(store: Front): void {
  describe("@upstash/redis", () => {
    test("@upstash/redis sends calls for several masters in one pipeline", async () => {
      const client = new UpstashRedis(store);
      await Promise.all([a, b, c].map((key, n) => client.set(key, { artist: "Björk", n })));
      expect(await Promise.all([a, b, c].map((key) => client.get(key)))).toEqual(
        [0, 1, 2].map((n) => ({ artist: "Björk", n })),
      );
      expect(await client.multi().set(a, "é").get(a).exec()).toEqual(["OK", "é"]);
      await expect(client.multi().set(a, "x").set(b, "x").exec()).rejects.toThrow("CROSSSLOT");
      expect(await client.get(a)).toBe("é");
    });

    test.each([
      ["fixedWindow", Ratelimit.fixedWindow(3, "60 s")],
      ["slidingWindow", Ratelimit.slidingWindow(3, "60 s")],
      ["tokenBucket", Ratelimit.tokenBucket(1, "60 s", 3)],
    ] as const)("@upstash/ratelimit's %s counts clients on their masters", async (_, limiter) => {
      const redis = new UpstashRedis(store);
      const ratelimit = new Ratelimit({ redis, limiter, ephemeralCache: false, prefix: "own" });
      for (const client of ["{a}", "{b}", "{c}"]) {
        const admitted: boolean[] = [];
        for (let n = 0; n < 4; n += 1) admitted.push((await ratelimit.limit(client)).success);
        expect(admitted).toEqual([true, true, true, false]);
      }
    });
  });
}
