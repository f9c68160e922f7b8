import { describe, expect, test } from "vitest";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { lockPairs } from "../../support/pairs.ts";
import { unavailable } from "../../support/unavailable.ts";

/** Tests that one caller at a time acquires a lock, at once or after waiting for it. */
export function testAcquire(store: EachStore): void {
  const pair = lockPairs(store);

  describe("acquireLock", () => {
    test("acquireLock returns a token to one instance, and null to every other", async () => {
      const { one, other } = pair();
      const token = await one.acquireLock("test-lock", 30);
      expect(token).toMatch(/^[0-9a-f]{32}$/);
      expect(await other.acquireLock("test-lock", 30)).toBeNull();
      expect(await other.acquireLock("another", 30)).not.toBeNull();
    });

    test("acquireLock returns a token to one of fifty concurrent callers", async () => {
      const { one, other } = pair();
      const pending = Array.from({ length: 50 }, (_, i) =>
        (i % 2 ? one : other).acquireLock("busy", 30),
      );
      const tokens = (await Promise.all(pending)).filter((token) => token !== null);
      expect(tokens).toHaveLength(1);
    });

    test("releaseLock releases a lock only with its token", async () => {
      const { one, other } = pair();
      const token = (await one.acquireLock("mine", 30)) ?? "";
      expect(await other.releaseLock("mine", "0".repeat(32))).toBe(false);
      expect(await other.acquireLock("mine", 30)).toBeNull();
      expect(await other.releaseLock("mine", token)).toBe(true);
      expect(await one.releaseLock("mine", token)).toBe(false);
      expect(await other.acquireLock("mine", 30)).not.toBeNull();
    });

    test("releaseLock does not release a lock whose TTL ended and that has another owner", async () => {
      const { one, other } = pair();
      const old = (await one.acquireLock("brief", 0.05)) ?? "";
      await expect.poll(() => other.acquireLock("brief", 30)).not.toBeNull();
      expect(await one.releaseLock("brief", old)).toBe(false);
      expect(await one.acquireLock("brief", 30)).toBeNull();
    });

    test("acquireLock writes a key with a time to live and a name that reveals nothing", async () => {
      const { one, nameOf } = pair();
      await one.acquireLock("instagram:artist-1", 30);
      const key = nameOf("instagram:artist-1");
      expect(key).toMatch(/^[\w-]+:lock:[\w-]{22}$/);
      expect(await store.pttl(key)).toBeLessThanOrEqual(30_000);
      expect(await store.pttl(key)).toBeGreaterThan(0);
    });

    test.each<[unknown]>([[null], [7]])(
      "acquireLock and releaseLock reject the key %j",
      async (given) => {
        const rejected = { code: "LOCK_BAD_ARGUMENT" };
        const key = given as string;
        const { one } = pair();
        await expect(one.acquireLock(key, 30)).rejects.toMatchObject(rejected);
        await expect(one.withLock(key, async () => "x")).rejects.toMatchObject(rejected);
        await expect(
          one.singleFlight(key, async () => "x", { resultTtl: 1 }),
        ).rejects.toMatchObject(rejected);
      },
    );

    test.each([0, -1, NaN, Infinity, 86_401])(
      "acquireLock rejects a TTL of %s seconds",
      async (ttl) => {
        const { one } = pair();
        const rejected = { code: "LOCK_BAD_ARGUMENT" };
        await expect(one.acquireLock("a", ttl)).rejects.toMatchObject(rejected);
        await expect(one.tryAcquire("a", { ttl })).rejects.toMatchObject(rejected);
        await expect(one.acquire("a", { maxHold: ttl })).rejects.toMatchObject(rejected);
        const lock = await one.acquire("a");
        await expect(lock.extend(ttl)).rejects.toMatchObject(rejected);
      },
    );

    test("acquireLock repeats a call whose answer is lost, and does not fail on its own lock", async () => {
      await pair().one.acquireLock("warm", 1);
      const { one, other, failures } = pair(losingResponses((call) => call % 2 === 1));
      const token = await one.acquireLock("mine", 30);
      expect(token).not.toBeNull();
      expect(await other.acquireLock("mine", 30)).toBeNull();
      // The call whose answer was lost may have released the lock; in both cases it is free.
      await one.releaseLock("mine", token ?? "");
      expect(await other.acquireLock("mine", 30)).not.toBeNull();
      expect(failures).toEqual([]);
    });

    test("acquireLock returns null when all answers are lost, and leaves no lock", async () => {
      await pair().one.acquireLock("warm", 1);
      const { one, other, failures, nameOf } = pair(losingResponses((call) => call <= 3));
      expect(await one.acquireLock("mine", 30)).toBeNull();
      expect(failures).toEqual(["lock-acquire"]);
      await expect.poll(() => store.pttl(nameOf("mine"))).toBe(-2);
      expect(await other.acquireLock("mine", 30)).not.toBeNull();
    });

    test("acquireLock returns null and throws nothing when the store is unavailable", async () => {
      const { one, failures } = pair(unavailable);
      expect(await one.acquireLock("a", 30)).toBeNull();
      expect(await one.releaseLock("a", "b")).toBe(false);
      await expect
        .poll(() => failures.toSorted())
        .toEqual(["lock-acquire", "lock-release", "lock-release"]);
    });
  });

  describe("a caller that waits for a lock", () => {
    test("acquire returns a handle when the lock is free", async () => {
      const { one, other } = pair();
      const lock = await one.acquire("job");
      const waiting = other.acquire("job", { wait: "20 seconds" });
      await lock.release();
      expect((await waiting).fence).toBeGreaterThan(lock.fence);
    });

    test("acquire returns a handle when the holder has died", async () => {
      const { one, other } = pair();
      await one.acquireLock("job", 0.3);
      expect((await other.acquire("job")).signal.aborted).toBe(false);
    });

    test("acquire waits no longer than its wait, and throws that the lock is held", async () => {
      const { one, other } = pair();
      await one.acquire("job");
      const began = performance.now();
      const waiting = other.acquire("job", { wait: 0.2 });
      await expect(waiting).rejects.toMatchObject({ code: "LOCK_NOT_ACQUIRED" });
      expect(performance.now() - began).toBeGreaterThan(190);
      await expect(other.acquire("job", { wait: 0 })).rejects.toMatchObject({
        code: "LOCK_NOT_ACQUIRED",
      });
    });

    test("acquire stops waiting when its signal aborts, with the signal's reason", async () => {
      const { one, other } = pair();
      await one.acquire("job");
      const stop = new AbortController();
      const waiting = other.acquire("job", { signal: stop.signal });
      stop.abort(new RangeError("no more"));
      await expect(waiting).rejects.toThrow("no more");
      await expect(other.acquire("job", { signal: stop.signal })).rejects.toThrow("no more");
    });

    test("acquire throws when its signal aborted during the request, and keeps no lock", async () => {
      const stop = new AbortController();
      const { one, other } = pair(async (...call) => {
        const answer = await fetch(...call);
        stop.abort(new RangeError("no more"));
        return answer;
      });
      await expect(one.acquire("job", { signal: stop.signal })).rejects.toThrow("no more");
      expect(await other.acquireLock("job", 30)).not.toBeNull();
    });

    test("acquire does not retry more often for a key without a TTL, and its error says so", async () => {
      let calls = 0;
      const { one, redis, nameOf } = pair((...call) => {
        calls += 1;
        return fetch(...call);
      });
      await redis.set(nameOf("job"), "made by hand");
      const waiting = one.acquire("job", { wait: 0.5 });
      await expect(waiting).rejects.toThrow("its key has no TTL");
      expect(calls).toBeLessThan(40);
    });

    test("waiting callers acquire a lock one after the other, and never two at once", async () => {
      const { one, other } = pair();
      let [inside, most, done] = [0, 0, 0];
      const fences: number[] = [];
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          await using lock = await (i % 2 ? one : other).acquire("job", { wait: "30 seconds" });
          fences.push(lock.fence);
          inside += 1;
          most = Math.max(most, inside);
          await one.tryAcquire("job");
          inside -= 1;
          done += 1;
        }),
      );
      expect([most, done]).toEqual([1, 20]);
      expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    });

    test("acquire throws the error of an unavailable store", async () => {
      const { one } = pair(unavailable);
      for (const pending of [one.acquire("job"), one.tryAcquire("job")]) {
        await expect(pending).rejects.toMatchObject({ name: "StoreError" });
      }
    });
  });
}
