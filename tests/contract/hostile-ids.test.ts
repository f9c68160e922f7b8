import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profiles } from "#app/_domain/profiles/profile";
import { createLimits } from "#lib/limits";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { gateOptions } from "../support/options.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

const policy = definePolicy({
  identities: defineIdentities({ user: "from-code", account: "from-code" }),
  rules: {
    user: { limits: { user: "1000 per hour" } },
    either: { limits: { "user|account": "1000 per hour" } },
    both: { limits: { "user+account": "1000 per hour" } },
    here: { limits: { "ip+user": "1000 per hour" } },
    address: { limits: { ip: "1000 per hour" } },
    everyone: { limits: { global: "1000 per hour" } },
    several: {
      limits: { account: "900 per day", "user+account": "900 per day", ip: "900 per day" },
    },
  },
});

interface Ids {
  readonly user?: string;
  readonly account?: string;
  readonly ip?: string;
}

const RULES = ["user", "either", "both", "here", "address", "everyone", "several"] as const;

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

/** Every key, whatever the id: the namespace, the kind, and a hash. */
const FORM =
  /^(?:test|tools)-\d+-\d+:(?:rate_limit:\{[\w-]{22}\}:(?:[a-z]+:[a-z|+]+|checkRateLimit:key):\d+:2|(?:lock|analytics):[\w-]{22})$/;

/** Few characters, so that two texts often differ by the place where one part ends. */
const PARTS = [
  ["a", "b", ":", "*", "{", "}", "|", "+", ",", "[", "]", '"', "\\", "/"],
  ["\0", "\r\n", "ip", "user", "user\0", "\u00e9", "e\u0301", "👩‍🚒"],
  ["\ud83d", "\ude92", "\ud83e", "\ufffd"],
].flat();
const parts = fc.array(fc.constantFrom(...PARTS), { maxLength: 4 });

/** Two texts that are equal, differ by a part, or have no relation. */
const pair = fc
  .tuple(parts, parts, fc.nat(3), fc.constantFrom("same", "near", "any"))
  .map(([one, other, at, how]) => {
    if (how === "any") return [one, other];
    return [one, how === "same" ? one : one.toSpliced(at, 1, ...other.slice(0, 1))];
  })
  .map((texts) => texts.map((text) => text.join("")));

/** Spellings of addresses, and the client that each names. */
const ADDRESSES = new Map([
  ["203.0.113.9", "a"],
  ["::ffff:203.0.113.9", "a"],
  ["::FFFF:cb00:7109", "a"],
  ["203.0.113.9:8080", "a"],
  [" 203.0.113.9 ", "a"],
  ["203.0.113.90", "b"],
  ["2001:db8:1:2::1", "c"],
  ["[2001:DB8:0001:2:ffff::]:443", "c"],
  ["2001:db8:1:2:3:4:5:6%eth0", "c"],
  ["2001:db8:1:3::1", "d"],
  ["nonsense", "no address"],
  ["{203.0.113.9}", "no address"],
  ["203.0.113.9,203.0.113.90", "no address"],
]);
const address = fc.constantFrom(...ADDRESSES.keys());

interface Counted {
  readonly rule: (typeof RULES)[number];
  readonly ids: Ids;
}

/** Two clients, whose ids are often each other's. */
const twoCounted = fc
  .record({
    rules: fc.tuple(fc.constantFrom(...RULES), fc.constantFrom(...RULES), fc.boolean()),
    users: pair,
    accounts: pair,
    addresses: fc.tuple(address, address),
    swapped: fc.boolean(),
  })
  .map(({ rules: [rule, another, isAnother], users, accounts, addresses, swapped }) => {
    const idsOf = (i: number) => ({
      ...(users[i] !== "*" && { user: users[i] ?? "" }),
      ...(accounts[i] !== "*" && { account: accounts[i] ?? "" }),
      ip: addresses[i] ?? "",
    });
    const one = idsOf(0);
    const { user = "", account = "", ip } = idsOf(1);
    const other = swapped
      ? { user: one.account ?? "", account: one.user ?? "", ip }
      : { user, account, ip };
    return [
      { rule, ids: one },
      { rule: isAnother ? another : rule, ids: other },
    ] as const satisfies Counted[];
  });

/** Returns the client that each limit of a rule counts, as text that differs between clients. */
function clientsIn({ rule, ids: { user, account, ip = "" } }: Counted): unknown[] {
  const address = ["ip", ADDRESSES.get(ip)];
  const byUser = user ? ["user", user] : undefined;
  const byAccount = account ? ["account", account] : undefined;
  const both = byUser || byAccount ? [byUser ?? address, byAccount ?? address] : address;
  const limits = {
    user: [byUser ?? address],
    either: [byUser ?? byAccount ?? address],
    both: [both],
    here: [byUser ? [address, byUser] : address],
    address: [address],
    everyone: ["everyone"],
    several: [byAccount ?? address, both, address],
  };
  return limits[rule].map((client, i) => [rule, i, client]);
}

/** The separators that a careless key would have between two parts. */
const BETWEEN = [":", ",", "|", "+", "\0", " ", "/", '","', '"],["account","', ":7:"];

describe("keys", () => {
  /** An instance that records the keys of each call, without its namespace, and answers for the store. */
  function instance() {
    let keys: string[] = [];
    const send: typeof fetch = async (_, init) => {
      const body = typeof init?.body === "string" ? init.body : "[]";
      const [name, first = "", count, ...rest] = JSON.parse(body) as string[];
      const isScript = name === "evalsha";
      keys = (isScript ? rest.slice(0, Number(count)) : [first]).map((key) =>
        key.slice(key.indexOf(":")),
      );
      return Response.json({ result: isScript ? [1, 1, ...keys.flatMap(() => [1, 0, 0])] : "OK" });
    };
    const store = { url: "http://store.invalid", token: "a-token-of-no-store" };
    const redis = createRedis({ ...store, fetch: send });
    const limits = createLimits(policy, { ...gateOptions(store).options, redis });
    const { dedup, locks } = makeTools(store, send);
    const noting =
      <Args extends readonly unknown[]>(call: (...args: Args) => Promise<unknown>) =>
      async (...args: Args) => {
        await call(...args);
        return keys;
      };
    return {
      limit: noting(({ rule, ids }: Counted) => limits.limit(rule, ids)),
      check: noting((name: string) => limits.checkRateLimit(name, 1, 1000)),
      event: noting((name: string) => dedup.claim(name, { window: 1 })),
      lock: noting((name: string) => locks.acquireLock(name, 1)),
    };
  }

  test("keys are the same for the same client on every instance, and differ between clients", async () => {
    const [here, there] = [instance(), instance()];
    await fc.assert(
      fc.asyncProperty(twoCounted, async ([one, other]) => {
        const [keys, others] = [await here.limit(one), await there.limit(other)];
        expect(await there.limit(one)).toEqual(keys);
        const [clients, otherClients] = [clientsIn(one), clientsIn(other)].map((counted) =>
          counted.map((client) => JSON.stringify(client)),
        );
        const isSame = keys.map((key) => others.map((another) => another === key));
        expect(isSame).toEqual(
          clients?.map((client) => otherClients?.map((another) => another === client)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  test("keys of a combination differ by the place where one part ends, whatever the separator", async () => {
    const { limit } = instance();
    const between = fc.constantFrom(...BETWEEN.flatMap((it) => [it, `${it}account${it}`]));
    const text = parts.map((list) => list.join(""));
    await fc.assert(
      fc.asyncProperty(text, text, text, between, async (a, b, c, it) => {
        const keyOf = async (user: string, account: string) =>
          (await limit({ rule: "both", ids: { user, account, ip: "203.0.113.9" } }))[0];
        const [early, late] = [[a, b + it + c] as const, [a + it + b, c] as const];
        expect((await keyOf(...early)) === (await keyOf(...late))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(["check", "event", "lock"] as const)(
    "keys of %s belong to one text each",
    async (tool) => {
      const [here, there] = [instance()[tool], instance()[tool]];
      await fc.assert(
        fc.asyncProperty(pair, async ([one = "", other = ""]) => {
          // Empty text is not a key.
          fc.pre(one !== "" && other !== "");
          expect((await here(one))[0] === (await there(other))[0]).toBe(one === other);
        }),
        { numRuns: 1000 },
      );
    },
  );
});
