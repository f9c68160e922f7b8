import { describe, expect, test } from "vitest";
import type { Lock } from "#lib/lock/locks";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { lockPairs } from "../../support/pairs.ts";
import { unavailable } from "../../support/unavailable.ts";

/** Tests work that runs under a lock: withLock and singleFlight. */
export function testWork(store: EachStore): void {
  const pair = lockPairs(store);

  describe("withLock", () => {
    test("withLock runs work while it holds the lock, one at a time of fifty, and releases it", async () => {
      const { one, other, nameOf } = pair();
      let running = 0;
      const used = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? one : other).withLock(
            "w",
            async (lock) => {
              running += 1;
              expect(running).toBe(1);
              const value = await one.acquireLock("w", 30);
              running -= 1;
              return [value, lock?.signal.aborted];
            },
            { wait: 0 },
          ),
        ),
      );
      const ran = used.filter((each) => each.ran);
      expect(ran.length).toBeGreaterThan(0);
      expect(ran).toEqual(ran.map(() => ({ ran: true, value: [null, false], isLocked: true })));
      expect(used).toContainEqual({ ran: false, reason: "held" });
      expect(await store.pttl(nameOf("w"))).toBe(-2);
    });

    test("withLock waits for the lock by default", async () => {
      const { one, other } = pair();
      const lock = await one.acquire("w");
      const waiting = other.withLock("w", async () => "done");
      await lock.release();
      expect(await waiting).toEqual({ ran: true, value: "done", isLocked: true });
    });

    test("withLock releases the lock when the work fails", async () => {
      const { one } = pair();
      const failing = one.withLock("w", () => Promise.reject(new RangeError("no")));
      await expect(failing).rejects.toThrow(RangeError);
      expect(await one.acquireLock("w", 30)).not.toBeNull();
    });

    test("withLock lets the work and the caller learn that the lock was lost", async () => {
      const { one, redis, nameOf } = pair();
      const used = await one.withLock(
        "w",
        async (lock) => {
          await redis.del(nameOf("w"));
          await expect.poll(() => lock?.signal.aborted).toBe(true);
          return "done";
        },
        { ttl: 0.3 },
      );
      expect(used).toEqual({ ran: true, value: "done", isLocked: false });
    });

    test("withLock throws, skips the work or runs it without a lock while the store is unavailable", async () => {
      const { one } = pair(unavailable);
      const work = async (lock: Lock | undefined) => lock ?? "without";
      await expect(one.withLock("w", work)).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
      const skipped = await one.withLock("w", work, { onStoreFailure: "skip" });
      expect(skipped).toEqual({ ran: false, reason: "store-failed" });
      const run = await one.withLock("w", work, { onStoreFailure: "run" });
      expect(run).toEqual({ ran: true, value: "without", isLocked: false });
    });
  });

  describe("singleFlight", () => {
    const TTLS = { resultTtl: 60, errorTtl: 60 } as const;

    test("singleFlight runs the work of one of fifty callers, and all get its result", async () => {
      const { one, other } = pair();
      let flights = 0;
      const landed = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? one : other).singleFlight(
            "fares",
            async () => {
              flights += 1;
              return { fare: 7 };
            },
            TTLS,
          ),
        ),
      );
      expect(flights).toBe(1);
      expect(landed.filter(({ isShared }) => !isShared)).toHaveLength(1);
      expect(landed.map(({ value }) => value)).toEqual(landed.map(() => ({ fare: 7 })));
    });

    test("singleFlight returns an error to all callers, once", async () => {
      const { one, other } = pair();
      let flights = 0;
      const fly = () => {
        flights += 1;
        return Promise.reject(new RangeError("no fares today"));
      };
      const ends = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).singleFlight("f", fly, TTLS)),
      );
      expect(flights).toBe(1);
      const reasons = ends.map((end) => (end as PromiseRejectedResult).reason as Error);
      expect(reasons.filter((reason) => reason instanceof RangeError)).toHaveLength(1);
      expect(reasons.filter((reason) => "code" in reason)).toHaveLength(19);
      for (const reason of reasons) expect(reason.message).toContain("no fares today");
    });

    test("singleFlight shares errors in the caller's form, and lets callers run the work when an error is not shared", async () => {
      const { one, other } = pair();
      const errors = {
        write: (error: unknown) => (error instanceof RangeError ? [error.message] : undefined),
        read: (written: unknown) => new SyntaxError(String(written)),
      };
      const fails = (error: Error) => async () => {
        throw error;
      };
      const options = { ...TTLS, errors };
      await expect(one.singleFlight("f", fails(new TypeError("mine")), options)).rejects.toThrow(
        "mine",
      );
      await expect(
        other.singleFlight("f", fails(new RangeError("shared")), options),
      ).rejects.toThrow(RangeError);
      await expect(one.singleFlight("f", fails(new TypeError("no")), options)).rejects.toThrow(
        new SyntaxError("shared"),
      );
    });

    test("singleFlight runs the work again when its instance died, and a late result of the first is not stored", async () => {
      const { one, other, redis, nameOf } = pair();
      let isOld = false;
      const old = one.singleFlight(
        "f",
        async (lock) => {
          await expect.poll(() => isOld).toBe(true);
          return lock?.signal.aborted ? "old" : "held";
        },
        { ...TTLS, ttl: 0.3, maxHold: 0.1 },
      );
      await expect.poll(() => redis.get(nameOf("f"))).not.toBeNull();
      const next = await other.singleFlight("f", async () => "new", TTLS);
      expect(next).toEqual({ value: "new", isShared: false });
      isOld = true;
      expect(await old).toEqual({ value: "old", isShared: false });
      const third = await one.singleFlight("f", async () => "third", TTLS);
      expect(third).toEqual({ value: "new", isShared: true });
    });

    test("singleFlight runs the work again when the result is old", async () => {
      const { one } = pair();
      let flights = 0;
      const fly = async () => (flights += 1);
      await one.singleFlight("f", fly, { resultTtl: 0.2 });
      expect(await one.singleFlight("f", fly, { resultTtl: 60 })).toEqual({
        value: 1,
        isShared: true,
      });
      await expect
        .poll(() => one.singleFlight("f", fly, { resultTtl: 60 }))
        .toEqual({ value: 2, isShared: false });
    });

    test("singleFlight waits no longer than its wait", async () => {
      const { one, other } = pair();
      await one.acquire("f");
      const waiting = other.singleFlight("f", async () => 1, { ...TTLS, wait: 0.1 });
      await expect(waiting).rejects.toMatchObject({ code: "LOCK_NOT_ACQUIRED" });
    });

    test("singleFlight returns undefined, or a result that cannot be stored, to the caller that ran the work", async () => {
      const { one, other, failures } = pair();
      const nothing = await one.singleFlight("n", async () => undefined, TTLS);
      expect(nothing).toEqual({ value: undefined, isShared: false });
      expect(await other.singleFlight("n", async () => 1, TTLS)).toEqual({
        value: undefined,
        isShared: true,
      });
      const large = "x".repeat(1024 * 1024);
      expect((await one.singleFlight("l", async () => large, TTLS)).value).toBe(large);
      expect((await one.singleFlight("b", async () => 1n, TTLS)).value).toBe(1n);
      expect(failures).toEqual(["flight-keep", "flight-keep"]);
      const second = await other.singleFlight("l", async () => "second", TTLS);
      expect(second).toEqual({ value: "second", isShared: false });
    });

    test("singleFlight runs the work again when another secret encrypted the result", async () => {
      const { one, redis, keys, keyedHash } = pair();
      const name = keys.flight(keyedHash("lock", "f"));
      await redis.set(name, "v2:AAAA", { ex: 60 });
      expect(await one.singleFlight("f", async () => 1, TTLS)).toEqual({
        value: 1,
        isShared: false,
      });
    });

    test("singleFlight survives lost answers", async () => {
      await pair().one.singleFlight("warm", async () => 1, TTLS);
      const { one, other, failures } = pair(losingResponses((call) => call % 2 === 1));
      const flown = await one.singleFlight("f", async () => "once", TTLS);
      expect(flown).toEqual({ value: "once", isShared: false });
      const second = await other.singleFlight("f", async () => "twice", TTLS);
      expect(second).toEqual({ value: "once", isShared: true });
      expect(failures).toEqual([]);
    });

    test("singleFlight throws, or each caller runs the work, while the store is unavailable", async () => {
      const { one } = pair(unavailable);
      const fly = async (lock: Lock | undefined) => lock ?? "alone";
      await expect(one.singleFlight("f", fly, TTLS)).rejects.toMatchObject({ name: "StoreError" });
      const alone = await one.singleFlight("f", fly, { ...TTLS, onStoreFailure: "run" });
      expect(alone).toEqual({ value: "alone", isShared: false });
    });

    test("singleFlight leaves nothing that reveals a key, and all its keys expire", async () => {
      const { one, redis, keys, keyedHash, nameOf } = pair();
      await one.singleFlight("ada@example.org", async () => "ada@example.org", TTLS);
      const name = keys.flight(keyedHash("lock", "ada@example.org"));
      expect(`${name} ${await redis.get<string>(name)}`).not.toContain("ada");
      expect(await store.pttl(name)).toBeGreaterThan(50_000);
      expect(await store.pttl(nameOf("ada@example.org"))).toBe(-2);
      expect(await store.pttl(keys.fenceOf(nameOf("ada@example.org")))).toBeGreaterThan(0);
    });
  });
}
