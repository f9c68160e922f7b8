import { expect, test } from "vitest";
import { marginOf } from "#lib/core/renewal";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { lockPairs } from "../../support/pairs.ts";
import { unavailable } from "../../support/unavailable.ts";

/** Blocks the process like a computation, so that no timer runs. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Tests that a held lock is renewed until its release, and that its holder learns of its loss in time. */
export function testRenewal(store: EachStore): void {
  const pair = lockPairs(store);

  test("a held lock excludes all other callers, acquireLock too, until it is released", async () => {
    const { one, other } = pair();
    const lock = await one.tryAcquire("job");
    expect(await other.tryAcquire("job")).toBeNull();
    expect(await other.acquireLock("job", 30)).toBeNull();
    expect(lock?.signal.aborted).toBe(false);
    expect(await lock?.release()).toBe(true);
    // A second release returns the same result.
    expect(await lock?.release()).toBe(true);
    expect(lock?.signal.aborted).toBe(false);
    expect(await other.tryAcquire("job")).not.toBeNull();
  });

  test("a held lock is released at the end of its block, also when the block throws", async () => {
    const { one, other } = pair();
    const failing = async () => {
      await using lock = await one.acquire("job");
      expect(await other.tryAcquire("job")).toBeNull();
      throw new RangeError(String(lock.fence));
    };
    await expect(failing()).rejects.toThrow(RangeError);
    await using lock = await other.tryAcquire("job");
    expect(lock).not.toBeNull();
  });

  test("a held lock is renewed until it is released, for at most maxHold", async () => {
    const { one, other, nameOf } = pair();
    const lock = await one.acquire("job", { ttl: 1.5, maxHold: 4 });
    const began = performance.now();
    await expect.poll(() => other.tryAcquire("job"), { interval: 20 }).not.toBeNull();
    const held = performance.now() - began;
    expect(held).toBeGreaterThan(3500);
    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toMatchObject({ code: "LOCK_LOST" });
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(20_000);
    expect(await lock.release()).toBe(false);
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(20_000);
  });

  test("a lock is not renewed after its release", async () => {
    const { one, nameOf } = pair();
    const lock = await one.acquire("job", { ttl: 0.3 });
    await lock.release();
    const next = await one.acquireLock("job", 0.3);
    expect(next).not.toBeNull();
    await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
    expect(lock.signal.aborted).toBe(false);
  });

  test("tryAcquire returns null when the answer took longer than the lock TTL", async () => {
    await pair().one.acquire("warm");
    const { one, other } = pair(async (...call) => {
      const answer = await fetch(...call);
      const at = performance.now();
      await expect.poll(() => performance.now(), { interval: 5 }).toBeGreaterThan(at + 60);
      return answer;
    });
    expect(await one.tryAcquire("job", { ttl: 0.05 })).toBeNull();
    expect((await other.acquire("job", { ttl: 10 })).signal.aborted).toBe(false);
  });

  test("a held lock never counts as held longer than Redis holds it, whatever extensions are made", async () => {
    const { one, nameOf } = pair();
    const lock = await one.acquire("job", { ttl: 20 });
    const lengths = [30, 5, 60, 10, 40, 8];
    expect(await Promise.all(lengths.map((ttl) => lock.extend(ttl)))).toEqual(
      lengths.map(() => true),
    );
    const left = await store.pttl(nameOf("job"));
    expect(lock.expiresAt - performance.now()).toBeLessThan(left);
    expect(left).toBeLessThanOrEqual(8000);
  });

  test("a held lock has a shorter TTL from the moment of the request, also when the answer is lost", async () => {
    let isGone = false;
    const { one, nameOf } = pair(async (...call) => {
      const answer = await fetch(...call);
      if (isGone) throw new TypeError("fetch failed");
      return answer;
    });
    const lock = await one.acquire("job", { ttl: 60 });
    // The store has cached the script after this, or the lost call would only ask for its text.
    expect(await lock.extend(60)).toBe(true);
    isGone = true;
    expect(await lock.extend(5)).toBe(false);
    const left = await store.pttl(nameOf("job"));
    expect(left).toBeLessThanOrEqual(5000);
    expect(lock.expiresAt - performance.now()).toBeLessThan(left);
    isGone = false;
    expect(await Promise.all([lock.release(), lock.release()])).toContain(true);
    expect(await lock.release()).toBe(true);
  });

  test("a held lock can be extended, and is renewed by the new TTL from then on", async () => {
    const { one, nameOf } = pair();
    const lock = await one.acquire("job", { ttl: 2 });
    const before = lock.expiresAt;
    expect(await lock.extend("1 minute")).toBe(true);
    expect(lock.expiresAt).toBeGreaterThan(before + 50_000);
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(50_000);
    // A lock that was renewed after a third of two seconds is now renewed after a third of a minute.
    await expect.poll(() => performance.now()).toBeGreaterThan(before - 1000);
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(50_000);
    expect(await lock.release()).toBe(true);
  });

  test("a held lock aborts its signal before another caller can hold it", async () => {
    const { one, other } = pair();
    const lock = await one.acquire("job", { ttl: 0.4, maxHold: 0.1 });
    let aborts = 0;
    lock.signal.addEventListener("abort", () => (aborts += 1));
    const end = async () => {
      const next = await other.tryAcquire("job");
      return next && [performance.now() - lock.expiresAt, lock.signal.aborted];
    };
    await expect.poll(end, { interval: 2 }).toEqual([expect.any(Number), true]);
    expect(aborts).toBe(1);
    // Redis ends the lock later, at least by the margin.
    expect(marginOf(400)).toBe(13);
  });

  test("a lock cannot be acquired by another caller before it is over here, by the margin", async () => {
    const { one, other } = pair();
    const lock = await one.acquire("job", { ttl: 0.4, maxHold: 0.1 });
    let heldAt = 0;
    const held = async () => {
      const next = await other.tryAcquire("job");
      heldAt = performance.now();
      return next;
    };
    await expect.poll(held, { interval: 2 }).not.toBeNull();
    expect(heldAt - lock.expiresAt).toBeGreaterThan(marginOf(400) - 2);
  });

  test("a lock is lost to a process that was blocked beyond its TTL, and its signal is aborted at once", async () => {
    const { one, other } = pair();
    const lock = await one.acquire("job", { ttl: 0.2 });
    block(300);
    // No timer has run yet.
    expect(lock.signal.aborted).toBe(true);
    expect(await lock.extend()).toBe(false);
    await expect.poll(() => other.tryAcquire("job")).not.toBeNull();
    expect(await lock.release()).toBe(false);
    expect(await one.tryAcquire("job")).toBeNull();
  });

  test("a lock that Redis lost is lost at the next renewal, and its release frees nothing", async () => {
    const { one, other, redis, nameOf } = pair();
    const lock = await one.acquire("job", { ttl: 0.3 });
    await redis.del(nameOf("job"));
    const next = await other.acquire("job");
    await expect.poll(() => lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toMatchObject({ code: "LOCK_LOST" });
    expect(await lock.release()).toBe(false);
    expect(next.fence).toBeGreaterThan(lock.fence);
    expect(await next.release()).toBe(true);
  });

  test("a held lock is renewed although answers are lost", async () => {
    await pair().one.acquire("warm");
    const { one, nameOf } = pair(losingResponses((call) => call % 2 === 0));
    const lock = await one.acquire("job", { ttl: 2 });
    const before = lock.expiresAt;
    await expect.poll(() => lock.expiresAt).toBeGreaterThan(before + 300);
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(0);
    await lock.release();
  });

  test("a held lock counts as lost when it cannot be renewed in time", async () => {
    let isGone = false;
    const { one, failures } = pair((...call) => (isGone ? unavailable(...call) : fetch(...call)));
    const lock = await one.acquire("job", { ttl: 0.6 });
    isGone = true;
    await expect.poll(() => lock.signal.aborted).toBe(true);
    expect(performance.now()).toBeGreaterThanOrEqual(lock.expiresAt);
    expect(await lock.extend()).toBe(false);
    expect(await lock.release()).toBe(false);
    expect(failures).toContain("lock-renew");
  });
}
