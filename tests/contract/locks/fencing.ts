import { expect, test } from "vitest";
import { fencedScript } from "#lib/lock/locks";
import type { EachStore } from "../../support/on-each-store.ts";
import { lockPairs } from "../../support/pairs.ts";

/** Tests that a fencing token rejects what an earlier holder of the lock writes. */
export function testFencing(store: EachStore): void {
  const pair = lockPairs(store);

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
}
