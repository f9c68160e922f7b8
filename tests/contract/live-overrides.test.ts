import { Redis as Direct } from "ioredis";
import { describe, expect, test } from "vitest";
import { upstashLimits } from "#lib/upstash";
import { definePolicy } from "#lib/policy/define";
import {
  clientEntry,
  IDENTITIES,
  type LiveGate,
  removeEntries,
  SEARCH,
  type Sending,
  startLiveGate,
  type Starting,
  writeEntries,
} from "../support/live-gate.ts";
import { startStore } from "../support/gateway.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const store = liveStore();

const OTHER = { ip: "198.51.100.7" };
const ADA = { user: "ada" };

const policy = definePolicy({
  identities: {
    ...IDENTITIES,
    plan: ({ headers }: Request) => headers.get("x-plan") ?? undefined,
  },
  defaults: { headers: "always" },
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "2 per day" } },
    two: { match: "/two", limits: { ip: ["2 per hour", "3 per day"] } },
    tiers: {
      match: "/tiers",
      tiers: { plan: { free: { "user|ip": "1 per day" }, pro: { "user|ip": "4 per day" } } },
    },
    shadow: { match: "/shadow", mode: "shadow", limits: { ip: "1 per day" } },
    pages: { match: "/pages", limits: { ip: "1 per day" }, prefetch: { times: 2 } },
    costly: { match: "/costly", cost: 5, limits: { ip: "10 per day" } },
    all: { match: "/all", limits: { global: "2 per day" } },
    optimistic: { match: "/optimistic", limits: { ip: "20 per day" }, admit: "optimistic" },
    local: { match: "/local", limits: { ip: "1 per day" }, onStoreFailure: "local" },
    both: { match: "/both", limits: { ip: "5 per day", "user|ip": "5 per day" } },
    "from-code": { limits: { user: "1 per day" } },
  },
});

type Instance = LiveGate<typeof policy>;

/** Starts an instance that has loaded the entries of its store. */
async function startWith(
  entries: (instance: Instance) => Readonly<Record<string, object>>,
  starting: Partial<Starting<typeof policy>> = {},
): Promise<Instance> {
  const instance = startLiveGate(store.store, { policy, ...starting });
  await writeEntries(store.direct, instance.gate, entries(instance));
  await instance.send({ path: "/without-a-rule" });
  return instance;
}

const override = (rule: string, to: unknown, more: object = {}) => ({
  one: { kind: "override", rule, to, ...more },
});

const OK5 = [200, 200, 200, 200, 200];

describe.each<[string, Partial<Starting<typeof policy>>]>([
  ["in Redis by scripts", {}],
  ["through @upstash/ratelimit's class", { settings: { limitStore: upstashLimits } }],
])("an override of limits that are counted %s", (_, starting) => {
  test.each<[string, string, unknown, Sending, readonly number[]]>([
    ["a number", "search", 4, {}, [200, 200, 200, 200, 429]],
    ["a smaller number", "search", 1, {}, [200, 429, 429, 429, 429]],
    ["a factor", "search", "1.5x", {}, [200, 200, 200, 429, 429]],
    ["a factor that leaves less than one request", "search", "0.1x", {}, [200, 429, 429, 429, 429]],
    ["no limit", "search", "unlimited", {}, OK5],
    ["a tier, by a number", "tiers", 2, { path: "/tiers" }, [200, 200, 429, 429, 429]],
    [
      "a tier, by a factor",
      "tiers",
      "0.5x",
      { path: "/tiers", headers: { "x-plan": "pro" } },
      [200, 200, 429, 429, 429],
    ],
    [
      "a cost, and one request is allowed at least",
      "costly",
      1,
      { path: "/costly" },
      [200, 429, 429, 429, 429],
    ],
    ["a limit of all clients together", "all", 4, { path: "/all" }, [200, 200, 200, 200, 429]],
    ["an optimistic rule", "optimistic", 3, { path: "/optimistic" }, [200, 200, 200, 429, 429]],
  ])("an override sets %s", async (__, rule, to, sending, statuses) => {
    const instance = await startWith(() => override(rule, to), starting);
    expect(await instance.statuses(5, sending)).toEqual(statuses);
  });

  test("an override raises a limit above its algorithm's maximum and back, and the counts stay", async () => {
    const instance = startLiveGate(store.store, { policy, ...starting });
    const remaining = async () =>
      Number(/r=(\d+)/.exec((await instance.send()).headers.get("ratelimit") ?? "")?.[1]);
    expect(await remaining()).toBe(1);
    for (const [to, left] of [
      [1000, 998],
      [50_000, 49_997],
      [200, 196],
    ] as const) {
      await writeEntries(store.direct, instance.gate, override("search", to));
      instance.pass(2000);
      await instance.send({ path: "/without-a-rule" });
      expect([to, await remaining()]).toEqual([to, left]);
    }
    await removeEntries(store.direct, instance.gate, "one");
    instance.pass(2000);
    await instance.send({ path: "/without-a-rule" });
    expect((await instance.send()).status).toBe(429);
  });
});

describe("an override", () => {
  const cleanUp = scope();

  test("an override appears in the headers of an allowed request and of a denial", async () => {
    const instance = await startWith(() => override("search", 1));
    const [first, second] = [await instance.send(), await instance.send()];
    expect(first.headers.get("ratelimit-policy")).toBe('"search:user|ip:day";q=1;w=86400');
    expect(second.headers.get("ratelimit-policy")).toBe('"search:user|ip:day";q=1;w=86400');
    expect(second.status).toBe(429);
  });

  test("an override without a limit appears in its decision, and sends no RateLimit headers", async () => {
    const instance = await startWith(() => override("search", "unlimited"));
    instance.calls.length = 0;
    const response = await instance.send();
    expect([...response.headers.keys()].filter((name) => name.startsWith("ratelimit"))).toEqual([]);
    expect(instance.events.at(-1)).toMatchObject({ decision: { reason: "unlimited" } });
    expect(instance.calls).toEqual([]);
  });

  test("an override of a named limit does not change the other limits of its rule", async () => {
    const named = { limit: "two:ip:hour" };
    const instance = await startWith(() => override("two", "unlimited", named));
    expect(await instance.statuses(4, { path: "/two" })).toEqual([200, 200, 200, 429]);
  });

  test("an override of a rule in shadow denies no request, and appears in its shadow decisions", async () => {
    const instance = await startWith(() => override("shadow", 2));
    expect(await instance.statuses(3, { path: "/shadow" })).toEqual([200, 200, 200]);
    const shadows = instance.events.flatMap((event) =>
      event.kind === "decision" ? event.decision.shadows.map(({ allowed }) => allowed) : [],
    );
    expect(shadows).toEqual([true, true, false]);
  });

  test("an override by a factor applies to prefetches too, and one by a number only to visits", async () => {
    const visit = { path: "/pages" };
    const prefetch = { ...visit, headers: { "next-router-prefetch": "1" } };
    const twice = await startWith(() => override("pages", "2x"));
    expect(await twice.statuses(3, visit)).toEqual([200, 200, 429]);
    expect(await twice.statuses(5, prefetch)).toEqual([200, 200, 200, 200, 429]);
    const three = await startWith(() => override("pages", 3));
    expect(await three.statuses(4, visit)).toEqual([200, 200, 200, 429]);
    expect(await three.statuses(3, prefetch)).toEqual([200, 200, 429]);
  });

  test("an override holds while the store is unavailable and limits are counted in the process", async () => {
    const own = cleanUp(await startStore(), (it) => it.stop());
    const direct = cleanUp(new Direct(own.redis.url), (it) => it.disconnect());
    direct.on("error", () => {});
    const instance = startLiveGate(own, { policy, env: { HEADGATE_STORE_DEADLINE_MS: "500" } });
    await writeEntries(direct, instance.gate, override("local", 3));
    await instance.send({ path: "/without-a-rule" });
    await own.redis.stop();
    expect(await instance.statuses(4, { path: "/local" })).toEqual([200, 200, 200, 429]);
  });

  test("an override holds for handlers as for the middleware", async () => {
    const instance = await startWith(({ gate }) =>
      override("from-code", 2, clientEntry(gate, "user", "ada")),
    );
    const { limits } = instance.gate;
    const allowed = async (user: string) => (await limits.limit("from-code", { user })).allowed;
    expect([await allowed("ada"), await allowed("ada"), await allowed("ada")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([await allowed("bob"), await allowed("bob")]).toEqual([true, false]);
  });
});

describe("several overrides", () => {
  test("the override that is most specific to the client wins, and a named limit wins over its rule", async () => {
    const named = { limit: "search:user|ip:day" };
    const instance = await startWith(({ gate }) => {
      const ada = clientEntry(gate, "user", "ada");
      return {
        all: { kind: "override", rule: "search", to: 1 },
        named: { kind: "override", rule: "search", to: 3, ...named },
        ada: { kind: "override", rule: "search", to: 2, ...ada },
      };
    });
    expect(await instance.statuses(4, ADA)).toEqual([200, 200, 429, 429]);
    expect(await instance.statuses(4, OTHER)).toEqual([200, 200, 200, 429]);
  });

  test("an override of the counted key wins over one of another identity", async () => {
    const instance = await startWith(({ gate }) => ({
      ip: { kind: "override", rule: "search", to: 4, ...clientEntry(gate, "ip", "203.0.113.7") },
      ada: { kind: "override", rule: "search", to: 1, ...clientEntry(gate, "user", "ada") },
    }));
    expect(await instance.statuses(2, ADA)).toEqual([200, 429]);
    expect(await instance.statuses(5, { user: "bob" })).toEqual([200, 200, 200, 200, 429]);
  });

  test("of two equal overrides the one that allows more wins, until it ends", async () => {
    const until = Date.now() + 60_000;
    const instance = await startWith(() => ({
      more: { kind: "override", rule: "search", to: 3, until },
      less: { kind: "override", rule: "search", to: 1 },
    }));
    expect(await instance.statuses(4)).toEqual([200, 200, 200, 429]);
    instance.pass(61_000);
    expect(await instance.statuses(2, OTHER)).toEqual([200, 429]);
  });

  test("an override of a client that is named only by its key holds when a limit counts that key", async () => {
    const instance = await startWith(({ gate }) => {
      const { identity: _, ...key } = clientEntry(gate, "user", "ada");
      return override("both", "unlimited", key);
    });
    const response = await instance.send({ ...ADA, path: "/both" });
    expect(response.headers.get("ratelimit-policy")).toBe('"both:ip:day";q=5;w=86400');
  });

  test("an override of an earlier secret holds when it names an identity", async () => {
    const before = "the secret before, long enough too";
    const old = startLiveGate(store.store, { policy: SEARCH, env: { HEADGATE_SECRET: before } });
    const entry = clientEntry(old.gate, "user", "ada");
    const entries = () => override("search", "unlimited", entry);
    const instance = await startWith(entries, { env: { HEADGATE_SECRET_PREVIOUS: before } });
    expect(await instance.statuses(5, ADA)).toEqual(OK5);
    const without = await startWith(entries);
    expect(await without.statuses(3, ADA)).toEqual([200, 200, 429]);
    expect(without.events).toContainEqual(
      expect.objectContaining({ kind: "failure", during: "control" }),
    );
  });
});
