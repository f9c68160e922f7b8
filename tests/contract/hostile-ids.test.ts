import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profiles } from "#app/_domain/profiles/profile";
import { createLimits } from "#lib/limits";
import { createRedis } from "#lib/redis/client";
import { type Ids, policy, RULES } from "../support/identity-rules.ts";
import { gateOptions } from "../support/options.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

/** Ids that have a meaning for a key, a pattern, a script, a protocol, a parser or a language. */
const HOSTILE: readonly [string, string][] = [
  ["the separator of keys", "bystander:user:3600000"],
  ["a pattern", "*"],
  ["another pattern", "[a-z]?*\\"],
  ["a hash tag", "{bystander}"],
  ["a hash tag the wrong way round", "}{"],
  ["the separator of clients", "bystander,bystander"],
  ["a command on a separate line", "a\r\nDEL bystander\r\n"],
  ["a command of the protocol", "x\r\n*1\r\n$8\r\nFLUSHALL\r\n"],
  ["a command of a script", "']] redis.call('FLUSHALL') --"],
  ["NUL", "\0"],
  ["the end of a name", "user\0bystander"],
  ["half a character", "\ud800"],
  ["the other half", "\udc00"],
  ["the replacement character", "\ufffd"],
  ["a property of every object", "__proto__"],
  ["another", "constructor"],
  ["nothing", ""],
  ["a space", " "],
  ["a composed letter", "\u00e9"],
  ["the same letter in parts", "e\u0301"],
  ["a picture", "👩‍🚒"],
  ["another direction", "\u202ebystander"],
  ["a number", "12345678901234567890"],
  ["JSON", '["user","bystander"]'],
  ["a value of JSON", "null"],
  ["the word for an unknown client", "unknown"],
  ["an address", "203.0.113.9"],
  ["a path", "../../%00"],
  ["a megabyte", "x".repeat(1_000_000)],
  ["a megabyte and one", "x".repeat(1_000_001)],
];

const BYSTANDER: Required<Ids> = { user: "bystander", account: "bystander", ip: "203.0.113.9" };

const OTHER_ADDRESS = "198.51.100.1";

/** Every key, whatever the id: the namespace, the kind, and a hash. */
const FORM =
  /^(?:test|tools)-\d+-\d+:(?:rate_limit:\{[\w-]{22}\}:(?:[a-z]+:[a-z|+]+|checkRateLimit:key):\d+:2|(?:lock|analytics):[\w-]{22})$/;

describe.each(STORES)("hostile ids on $name", (kind) => {
  let store: ServedStore;
  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  function world() {
    const { options } = gateOptions(store);
    const tools = makeTools(store);
    const redis = createRedis({ ...store, deadlineMs: 10_000 });
    return { ...createLimits(policy, options), ...tools, redis, limitsUnder: options.namespace };
  }

  /** Returns the bystander's limits, and whether its claims and locks still hold. */
  async function bystanderOf({
    limit,
    peek,
    checkRateLimit,
    dedup,
    locks,
    redis,
  }: ReturnType<typeof world>) {
    for (const rule of RULES) await limit(rule, BYSTANDER);
    const canary = `bystander-${crypto.randomUUID()}`;
    await redis.set(canary, "is there", { ex: 600 });
    await dedup.claim("bystander", { window: 600 });
    await locks.acquireLock("bystander", 600);
    let calls = 0;
    return async () => {
      const left: Record<string, number | undefined> = {};
      for (const rule of RULES) {
        if (rule !== "everyone") left[rule] = (await peek(rule, BYSTANDER)).limits[0]?.remaining;
      }
      calls += 1;
      const own = await checkRateLimit("bystander", 1000, 3_600_000);
      return {
        left,
        own: own.remaining + calls,
        canary: await redis.get(canary),
        isCounted: !(await dedup.shouldTrackEvent("bystander", 600)),
        isHeld: (await locks.acquireLock("bystander", 600)) === null,
      };
    };
  }

  test.each(HOSTILE)("%s as an id does not affect another client", async (_, id) => {
    const made = world();
    const { limit, checkRateLimit, dedup, locks, limitsUnder, namespace } = made;
    const bystander = await bystanderOf(made);
    const before = await bystander();
    expect(before).toMatchObject({ canary: "is there", isCounted: true, isHeld: true });

    for (const rule of RULES) {
      for (const ids of [{ user: id }, { account: id }, { user: id, account: id }]) {
        expect((await limit(rule, { ...ids, ip: OTHER_ADDRESS })).reason).toBe("within-limit");
      }
      // As an address, every text that is no address is one client: the one without an address.
      if (id !== BYSTANDER.ip) await limit(rule, { ip: id });
    }
    // Empty text is not a key of a limit, an event or a lock, as the last test shows.
    const key = id || "not an id";
    expect((await checkRateLimit(key, 10, 60_000)).remaining).toBe(9);
    expect(await dedup.shouldTrackEvent(key, 600)).toBe(true);
    expect(await dedup.shouldTrackEvent(key, 600)).toBe(false);
    const token = (await locks.acquireLock(key, 600)) ?? "none";
    expect(await locks.acquireLock(key, 600)).toBeNull();
    expect(await locks.releaseLock(key, key)).toBe(false);
    expect(await locks.releaseLock("bystander", id)).toBe(false);
    expect(await locks.releaseLock("bystander", token)).toBe(false);
    expect(await locks.releaseLock(key, token)).toBe(true);

    expect(await bystander()).toEqual(before);
    const keys = [...(await store.keys(limitsUnder)), ...(await store.keys(namespace))];
    expect(keys.filter((key) => !FORM.test(key))).toEqual([]);
    for (const key of keys) expect(await store.pttl(key)).toBeGreaterThan(0);
  });

  test("each hostile id is a separate key, for limits, events, locks and records", async () => {
    const { limit, checkRateLimit, dedup, locks, ...tools } = world();
    const records = profiles(tools);
    const counted = HOSTILE.map(([, id]) => id);
    // Empty text and text that is longer than any id name no user: the address is counted.
    const ids = counted.filter((id) => id !== "" && id.length <= 1024);
    for (const user of ids) {
      expect([
        user,
        (await limit("user", { user, ip: OTHER_ADDRESS })).limits[0]?.remaining,
      ]).toEqual([user, 999]);
    }
    for (const key of counted.filter((id) => id !== "")) {
      expect([key, (await checkRateLimit(key, 10, 60_000)).remaining]).toEqual([key, 9]);
      expect([key, await dedup.shouldTrackEvent(key, 600)]).toEqual([key, true]);
      expect([key, await locks.acquireLock(key, 600)]).toEqual([key, expect.any(String)]);
      expect([key, await records.read(key)]).toEqual([key, undefined]);
      await records.merge(key, { city: "Lisbon" });
    }
  });

  test("text that is longer than any id counts the address, like a missing id", async () => {
    const { limit } = world();
    const remaining = async (ids: Ids) => (await limit("user", ids)).limits[0]?.remaining;
    const [one, other] = ["203.0.113.10", "203.0.113.11"];
    expect(await remaining({ user: "x".repeat(1_000_000), ip: one })).toBe(999);
    expect(await remaining({ user: "x".repeat(1_000_001), ip: other })).toBe(999);
    expect(await remaining({ ip: one })).toBe(998);
  });

  test.each<unknown>([undefined, null, "", 1, {}])(
    "%j is not a key of an event, a lock or a limit",
    async (key) => {
      const { checkRateLimit, dedup, locks } = world();
      const text = key as string;
      await expect(checkRateLimit(text, 1, 1000)).rejects.toMatchObject({
        code: "LIMIT_BAD_ARGUMENT",
      });
      const dedupRefused = { code: "DEDUP_BAD_ARGUMENT" };
      await expect(dedup.claim(text, { window: 1 })).rejects.toMatchObject(dedupRefused);
      await expect(dedup.count(text, { window: 1 })).rejects.toMatchObject(dedupRefused);
      await expect(dedup.shouldTrackEvent(text, 1)).rejects.toMatchObject(dedupRefused);
      await expect(dedup.claimMany(["a", text], { window: 1 })).rejects.toMatchObject(dedupRefused);
      const rejected = { code: "LOCK_BAD_ARGUMENT" };
      await expect(locks.acquireLock(text, 1)).rejects.toMatchObject(rejected);
      await expect(locks.tryAcquire(text)).rejects.toMatchObject(rejected);
      await expect(locks.singleFlight(text, async () => 1, { resultTtl: 1 })).rejects.toMatchObject(
        rejected,
      );
      await expect(locks.releaseLock(text, "a")).rejects.toMatchObject(rejected);
    },
  );
});
