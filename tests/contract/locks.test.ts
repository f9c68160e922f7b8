import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { marginOf } from "#lib/core/renewal";
import { fencedScript, type Lock } from "#lib/lock/locks";
import { liveStore } from "../support/live-store.ts";
import { losingResponses } from "../support/lost-responses.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

const unavailable: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));

/** Blocks the process like a computation, so that no timer runs. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe.each(STORES_AND_CLUSTER)("locks on $name", (kind) => {
  let store: ServedStore;

  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  /** Locks of two instances, in a separate namespace. */
  function pair(send: typeof fetch = fetch) {
    const { again, locks, ...rest } = makeTools(store, send);
    const nameOf = (key: string) => rest.keys.lock(rest.keyedHash("lock", key));
    return { ...rest, nameOf, one: locks, other: again().locks };
  }

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

  describe("a lock that is held", () => {
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

    test("a held lock has a larger fence than all earlier holders, those of acquireLock too", async () => {
      const { one, other } = pair();
      const fences: number[] = [];
      for (const locks of [one, other, one]) {
        const lock = await locks.acquire("job");
        fences.push(lock.fence);
        await lock.release();
        const token = await locks.acquireLock("job", 30);
        await locks.releaseLock("job", token ?? "");
      }
      expect(fences).toEqual(fences.toSorted((a, b) => a - b));
      expect(new Set(fences).size).toBe(3);
      // The fence is Redis's time in microseconds, so it is larger than any that was lost.
      expect(fences[0]).toBeGreaterThan((Date.now() - 60_000) * 1000);
      expect(Number.isSafeInteger(fences[2])).toBe(true);
    });

    test("a held lock has a larger fence also when Redis's clock has stepped back", async () => {
      const { one, redis, keys, nameOf } = pair();
      const ahead = (Date.now() + 3_600_000) * 1000;
      await redis.set(keys.fenceOf(nameOf("job")), ahead, { ex: 600 });
      const lock = await one.acquire("job");
      expect(lock.fence).toBe(ahead + 1);
      expect(await store.pttl(keys.fenceOf(nameOf("job")))).toBeGreaterThan(30 * 24 * 3_600_000);
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

  describe("work under a lock", () => {
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

  describe("a guarded key", () => {
    test("fencedSet writes the later holder's value, and rejects the earlier holder's", async () => {
      const { one, other, redis, keys, nameOf } = pair();
      const resource = keys.app("resource", "a");
      const old = await one.acquire("job");
      await redis.del(nameOf("job"));
      const late = await other.acquire("job");
      expect(await other.fencedSet(late, resource, "late", 300)).toBe(true);
      expect(await one.fencedSet(old, resource, "old", 300)).toBe(false);
      expect(await redis.get(resource)).toBe("late");
      expect(await other.fencedSet(late, resource, "later", 300)).toBe(true);
      expect(await redis.get(resource)).toBe("later");
      for (const key of [resource, keys.fenceOf(resource)]) {
        expect(await store.pttl(key)).toBeGreaterThan(200_000);
      }
    });

    test("fencedRun runs a later holder's script with its keys and arguments, and no earlier holder's", async () => {
      const { one, redis, keys } = pair();
      const [hash, list] = [keys.grouped("g", "hash", "a"), keys.grouped("g", "list", "a")];
      const write = fencedScript(`
        redis.call("RPUSH", KEYS[2], ARGV[2])
        return redis.call("HINCRBY", KEYS[1], ARGV[1], #KEYS)
      `);
      const run = (fence: number, value: string) =>
        one.fencedRun({ fence }, write, [hash, list], ["count", value]);
      expect(await run(5, "five")).toEqual({ ran: true, reply: 2 });
      expect(await run(4, "four")).toEqual({ ran: false, reason: "fence-is-old" });
      expect(await run(5, "five again")).toEqual({ ran: true, reply: 4 });
      expect(await run(6, "six")).toEqual({ ran: true, reply: 6 });
      expect(await redis.lrange(list, 0, -1)).toEqual(["five", "five again", "six"]);
    });

    test("fencedRun throws a script's error, and changes nothing", async () => {
      const { one, keys } = pair();
      const key = keys.app("resource", "a");
      const failing = fencedScript(`return redis.error_reply("MINE it failed")`);
      const pending = one.fencedRun({ fence: 9 }, failing, [key]);
      await expect(pending).rejects.toMatchObject({ code: "STORE_REJECTED", reply: "MINE" });
      expect(await one.fencedSet({ fence: 8 }, key, "v", 60)).toBe(true);
    });

    test.each([0, -1, NaN, 1.5, 2 ** 60])("fencedSet rejects the fence %s", async (fence) => {
      const { one } = pair();
      const pending = one.fencedSet({ fence }, "k", "v", 60);
      await expect(pending).rejects.toMatchObject({ code: "LOCK_BAD_ARGUMENT" });
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
});

// The clock of the embedded store is that of this process.
const live = liveStore();

test("a lock does not depend on the process's date", async () => {
  const { locks: one, again } = makeTools(live.store);
  const other = again().locks;
  const lock = await one.acquire("job", { ttl: 10 });
  const { now } = Date;
  try {
    for (const jump of [86_400_000, -86_400_000]) {
      Date.now = () => now() + jump;
      expect(await lock.extend()).toBe(true);
      expect(lock.signal.aborted).toBe(false);
      expect(await other.tryAcquire("job")).toBeNull();
    }
  } finally {
    Date.now = now;
  }
  expect(await lock.release()).toBe(true);
});
