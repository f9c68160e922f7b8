import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPseudonym } from "#lib/identity/pseudonym";
import { createLocks } from "#lib/lock/locks";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { losing } from "../support/losing.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES } from "../support/stores.ts";

describe.each(STORES)("locks on $name", (kind) => {
  let store: ServedStore;
  let namespaces = 0;

  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  /** Locks as one instance has them; those of a test share a namespace of its own. */
  function instances(count: number, send: typeof fetch = fetch) {
    namespaces += 1;
    const namespace = `locks-${namespaces}`;
    const failures: string[] = [];
    const made = Array.from({ length: count }, () =>
      createLocks({
        redis: createRedis({ ...store, deadlineMs: 10_000, fetch: send }),
        keys: keyNames(namespace),
        pseudonym: createPseudonym("a secret of the tests, long enough"),
        onFailure: (what) => failures.push(what),
      }),
    );
    const [one, other] = [made[0], made.at(-1)];
    if (!one || !other) throw new RangeError("at least one");
    return { one, other, all: made, failures, keysNow: () => store.keys(namespace) };
  }

  describe("a lock", () => {
    test("is one instance's, and null for every other, as in the seed", async () => {
      const { one, other } = instances(2);
      const token = await one.acquireLock("test-lock", 30);
      expect(token).toMatch(/^[0-9a-f]{32}$/);
      expect(await other.acquireLock("test-lock", 30)).toBeNull();
      expect(await other.acquireLock("another", 30)).not.toBeNull();
    });

    test("is had by one of fifty that ask at once", async () => {
      const { all } = instances(50);
      const asked = all.map((locks) => locks.acquireLock("busy", 30));
      const tokens = (await Promise.all(asked)).filter((token) => token !== null);
      expect(tokens).toHaveLength(1);
    });

    test("is released by its token alone", async () => {
      const { one, other } = instances(2);
      const token = (await one.acquireLock("mine", 30)) ?? "";
      expect(await other.releaseLock("mine", "0".repeat(32))).toBe(false);
      expect(await other.acquireLock("mine", 30)).toBeNull();
      expect(await other.releaseLock("mine", token)).toBe(true);
      expect(await one.releaseLock("mine", token)).toBe(false);
      expect(await other.acquireLock("mine", 30)).not.toBeNull();
    });

    test("that ran out is not the old owner's to release or extend", async () => {
      const { one, other } = instances(2);
      const old = (await one.acquireLock("brief", 0.05)) ?? "";
      await expect.poll(() => other.acquireLock("brief", 30)).not.toBeNull();
      expect(await one.extendLock("brief", old, 30)).toBe(false);
      expect(await one.releaseLock("brief", old)).toBe(false);
      expect(await one.acquireLock("brief", 30)).toBeNull();
    });

    test("has a time to live, a name that says nothing, and can be extended", async () => {
      const { one, keysNow } = instances(1);
      const token = (await one.acquireLock("instagram:artist-1", 30)) ?? "";
      const [key = ""] = await keysNow();
      expect(key).toMatch(/^locks-\d+:lock:[\w-]{22}$/);
      expect(await store.pttl(key)).toBeLessThanOrEqual(30_000);
      expect(await one.extendLock("instagram:artist-1", token, 90)).toBe(true);
      expect(await store.pttl(key)).toBeGreaterThan(30_000);
    });

    test.each([0, -1, NaN, Infinity, 86_401])("for %s seconds is refused", async (ttl) => {
      const { one } = instances(1);
      const refused = { code: "LOCK_BAD_ARGUMENT" };
      await expect(one.acquireLock("a", ttl)).rejects.toMatchObject(refused);
      await expect(one.extendLock("a", "b", ttl)).rejects.toMatchObject(refused);
    });
  });

  describe("an acquire whose answer is lost", () => {
    test("is sent again and does not lose to itself", async () => {
      // The first call tells Redis the script.
      await instances(1).one.acquireLock("warm", 1);
      const { one, other, failures } = instances(
        2,
        losing((call) => call === 1),
      );
      const token = await one.acquireLock("mine", 30);
      expect(token).not.toBeNull();
      expect(await other.acquireLock("mine", 30)).toBeNull();
      expect(await one.releaseLock("mine", token ?? "")).toBe(true);
      expect(failures).toEqual([]);
    });

    test("three times, answers null, and holds nobody up", async () => {
      await instances(1).one.acquireLock("warm", 1);
      const { one, other, failures, keysNow } = instances(
        2,
        losing((call) => call <= 3),
      );
      expect(await one.acquireLock("mine", 30)).toBeNull();
      expect(failures).toEqual(["acquiring a lock"]);
      await expect.poll(keysNow).toEqual([]);
      expect(await other.acquireLock("mine", 30)).not.toBeNull();
    });
  });

  test("a store that is gone gives no lock, and throws nothing", async () => {
    const { one, failures } = instances(1, () => Promise.reject(new TypeError("fetch failed")));
    expect(await one.acquireLock("a", 30)).toBeNull();
    expect(await one.extendLock("a", "b", 30)).toBe(false);
    expect(await one.releaseLock("a", "b")).toBe(false);
    expect(failures).toContain("extending a lock");
    expect(failures).toContain("releasing a lock");
  });

  describe("work under a lock", () => {
    const gone: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));

    test("runs while it is held, by one of fifty, and releases it", async () => {
      const { one, other, keysNow } = instances(2);
      let running = 0;
      const used = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? one : other).useLock("w", 30, async () => {
            running += 1;
            expect(running).toBe(1);
            const value = await one.acquireLock("w", 30);
            running -= 1;
            return value;
          }),
        ),
      );
      const ran = used.filter((each) => each.ran);
      expect(ran.length).toBeGreaterThan(0);
      expect(ran).toEqual(ran.map(() => ({ ran: true, value: null, isLocked: true })));
      expect(used).toContainEqual({ ran: false, because: "held" });
      expect(await keysNow()).toEqual([]);
    });

    test("that fails releases it too", async () => {
      const { one } = instances(1);
      const failing = one.useLock("w", 30, () => Promise.reject(new RangeError("no")));
      await expect(failing).rejects.toThrow(RangeError);
      expect(await one.acquireLock("w", 30)).not.toBeNull();
    });

    test("throws, is skipped or runs without it, while the store is gone", async () => {
      const { one } = instances(1, gone);
      const work = async () => "done";
      await expect(one.useLock("w", 30, work)).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
      const skipped = await one.useLock("w", 30, work, { onStoreFailure: "skip" });
      expect(skipped).toEqual({ ran: false, because: "store-failed" });
      const run = await one.useLock("w", 30, work, { onStoreFailure: "run" });
      expect(run).toEqual({ ran: true, value: "done", isLocked: false });
    });
  });
});
