import { describe, expect, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { dedupPairs } from "../../support/pairs.ts";
import { LEASED, tokenOf } from "./leased.ts";

/** Tests how long a claimed key stays a duplicate. */
export function testWindows(store: EachStore): void {
  const pair = dedupPairs(store);

  describe("a window", () => {
    test("a fixed window starts when the key is first claimed, not when it is committed", async () => {
      const { one } = pair();
      const token = tokenOf(await one.claim("job", { lease: 60, window: 60 }));
      const key = token.name;
      await expect.poll(() => store.pttl(key)).toBeLessThan(59_900);
      await one.commit(token);
      expect(await store.pttl(key)).toBeLessThan(59_900);
      await one.claim("job", { window: 60 });
      expect(await store.pttl(key)).toBeLessThan(59_900);
    });

    test("a sliding window starts again with each duplicate", async () => {
      const { one, other, nameOf } = pair();
      const window = { sliding: 60, maxAge: 3600 };
      await one.claim("job", { window });
      const key = nameOf("job");
      await expect.poll(() => store.pttl(key)).toBeLessThan(59_900);
      expect(await other.claim("job", { window })).toMatchObject({ state: "duplicate" });
      expect(await store.pttl(key)).toBeGreaterThan(59_900);
    });

    test("a sliding window ends at its maximum age", async () => {
      const { one } = pair();
      const window = { sliding: 0.4, maxAge: 0.8 };
      const began = performance.now();
      await one.claim("job", { window });
      // Each repetition is well within the sliding window.
      await expect
        .poll(async () => (await one.claim("job", { window })).state, { interval: 20 })
        .toBe("first");
      expect(performance.now() - began).toBeGreaterThanOrEqual(790);
    });
  });

  describe("claims of one key with different options", () => {
    const SHORT = { sliding: 0.05, maxAge: 0.05 };

    test("a shorter window does not end a longer one", async () => {
      const { one, other, nameOf } = pair();
      await one.commit(tokenOf(await one.claim("mail", LEASED)), "sent");
      for (let i = 0; i < 2; i += 1) {
        const narrow = await other.claim("mail", { window: SHORT });
        expect(narrow).toEqual({ state: "duplicate", result: "sent" });
      }
      const counters = [{ key: `${nameOf("mail")}:{${nameOf("mail")}}`, field: "f", keep: 60 }];
      expect(await other.count("mail", { window: { sliding: 1, maxAge: 1 }, counters })).toBe(
        false,
      );
      expect(await store.pttl(nameOf("mail"))).toBeGreaterThan(200_000);
    });

    test("a claim keeps its payload when its owner does not repeat it", async () => {
      const { one, other } = pair();
      const mine = { ...LEASED, owner: "m-1" };
      const isKnown = async (key: string) => {
        const same = await other.claim(key, { ...LEASED, payload: "two" });
        const another = await other.claim(key, { ...LEASED, payload: "three" });
        expect([same.state, another.state]).toEqual(["duplicate", "other-payload"]);
      };
      await one.claim("a", { ...mine, payload: "two" });
      expect(await one.claim("a", { window: 300, owner: "m-1" })).toMatchObject({ state: "first" });
      await isKnown("a");
      await one.claim("b", { ...mine, payload: "two" });
      expect(await one.commit(tokenOf(await one.claim("b", mine)))).toBe(true);
      await isKnown("b");
    });

    test("counting with a sliding window does not extend a lease", async () => {
      const { one, other, nameOf } = pair();
      await one.claim("mail", LEASED);
      const counters = [{ key: `${nameOf("mail")}:{${nameOf("mail")}}`, field: "f", keep: 60 }];
      const window = { sliding: "1 hour", maxAge: "1 day" };
      expect(await other.count("mail", { window, counters })).toBe(false);
      expect(await store.pttl(nameOf("mail"))).toBeLessThanOrEqual(30_000);
    });
  });
}
