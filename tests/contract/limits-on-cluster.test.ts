import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import { renderMetrics } from "#lib/metrics";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { startClusterStore, type TestClusterStore } from "../support/cluster.ts";
import { countingGate, ownNamespace } from "../support/counters.ts";
import { IDENTITIES, startLiveGate, writeEntries } from "../support/live-gate.ts";
import { gateOptions } from "../support/options.ts";
import type { LimitStore } from "#lib/limit/store";
import { UpstashLimits } from "#lib/limit/stores/upstash";

const policy = definePolicy({
  identities: defineIdentities({ user: "from-code", team: "from-code" }),
  rules: {
    both: { limits: { ip: "5 per day", user: "3 per day", team: "9 per day" } },
    mixed: {
      limits: { ip: "5 per day", user: "3 per day", team: "9 per day" },
      algorithm: "token-bucket",
    },
    gone: { limits: { ip: "5 per day", user: "3 per day" } },
    address: { limits: { ip: ["2 per minute", "5 per day"] } },
    trial: { limits: { ip: "1 per day", user: "3 per day" }, mode: "shadow" },
  },
});

let store: TestClusterStore;

beforeAll(async () => {
  store = await startClusterStore();
});
afterAll(() => store?.stop());

/** Limits on the cluster, and the paths of the calls that they make. */
function limitsOf(
  cluster?: boolean,
  storeOn?: (redis: ReturnType<typeof createRedis>) => LimitStore,
) {
  const calls: string[] = [];
  const counting: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    const [first] = JSON.parse(typeof init?.body === "string" ? init.body : "[]") as unknown[];
    const path = new URL(request.url).pathname;
    calls.push(path === "/" ? String(first) : path);
    return fetch(input, init);
  };
  const { options } = gateOptions(store);
  const redis = createRedis({
    url: store.url,
    token: store.token,
    fetch: counting,
    deadlineMs: 5_000,
  });
  const more = cluster === undefined ? {} : { cluster };
  const limitStore = storeOn ? { limitStore: storeOn(redis) } : {};
  return { ...createLimits(policy, { ...options, ...more, ...limitStore, redis }), calls };
}

const who = (n: number) => ({ ip: `203.0.113.${n}`, user: `user-${n}`, team: "one" });

/**
 * Waits until each of the three masters knows the scripts, so that the calls that follow can be
 * counted.
 */
async function warmUp({ limit, refund, calls }: ReturnType<typeof limitsOf>): Promise<void> {
  for (let n = 100; n < 130; n += 1) {
    await refund(await limit("both", { ...who(n), team: `warm-${n}` }));
  }
  calls.length = 0;
}

describe("on a Redis Cluster", () => {
  test("the first answer of CROSSSLOT switches to one script for each client, in one call", async () => {
    const limits = limitsOf();
    expect(await limits.limit("both", who(1))).toMatchObject({ allowed: true });
    expect(limits.calls[0]).toBe("evalsha");
    expect(limits.calls.slice(1)).not.toContain("evalsha");
    await warmUp(limits);
    expect(await limits.limit("both", who(1))).toMatchObject({ allowed: true });
    expect(limits.calls).toEqual(["/pipeline"]);
  });

  test("the first answer of CROSSSLOT also switches a store through @upstash/ratelimit's class", async () => {
    const limits = limitsOf(undefined, (redis) => new UpstashLimits(redis));
    expect(await limits.limit("both", who(7))).toMatchObject({ allowed: true });
    await warmUp(limits);
    for (let i = 0; i < 2; i += 1) await limits.limit("both", who(7));
    limits.calls.length = 0;
    const denied = await limits.limit("both", who(7));
    expect(denied).toMatchObject({ allowed: false, reason: "over-limit" });
    expect(denied.limits.map(({ remaining }) => remaining)).toEqual([2, 0, 6]);
    expect(limits.calls).toEqual(["/pipeline", "/pipeline"]);
  });

  test("the option of HEADGATE_CLUSTER uses one script for each client from the start", async () => {
    const limits = limitsOf(true);
    expect(await limits.limit("both", who(2))).toMatchObject({ allowed: true });
    expect(limits.calls).not.toContain("evalsha");
  });

  test("the limits of one client stay one script", async () => {
    const limits = limitsOf(true);
    await warmUp(limits);
    await limits.limit("address", who(3));
    limits.calls.length = 0;
    const second = await limits.limit("address", who(3));
    expect(second.limits.map(({ remaining }) => remaining)).toEqual([0, 3]);
    expect(limits.calls).toEqual(["evalsha"]);
  });

  test("a denial refunds the units that other clients' limits consumed, in a second call", async () => {
    const limits = limitsOf(true);
    await warmUp(limits);
    for (let i = 0; i < 3; i += 1) {
      expect((await limits.limit("both", who(4))).allowed).toBe(true);
    }
    const before = await limits.peek("both", who(4));
    limits.calls.length = 0;
    const denied = await limits.limit("both", who(4));
    expect(denied).toMatchObject({ allowed: false, reason: "over-limit" });
    expect(limits.calls).toEqual(["/pipeline", "/pipeline"]);
    expect(denied.limits.map(({ remaining }) => remaining)).toEqual([2, 0, 6]);
    const after = await limits.peek("both", who(4));
    expect(after.limits.map(({ remaining }) => remaining)).toEqual(
      before.limits.map(({ remaining }) => remaining),
    );
  });

  test.each(["both", "mixed"] as const)(
    "%s: a cluster admits the same as a single primary, whichever client sends the request",
    async (rule) => {
      const requests = fc.array(
        fc.record({
          ip: fc.constantFrom("203.0.113.1", "203.0.113.2", "203.0.113.3"),
          user: fc.constantFrom("ada", "bob", "cleo"),
          team: fc.constantFrom("one", "two"),
        }),
        { minLength: 10, maxLength: 25 },
      );
      await fc.assert(
        fc.asyncProperty(requests, async (asked) => {
          const { limit, peek } = limitsOf(true);
          const used = new Map<string, number>();
          for (const client of asked) {
            const limitsOfClient = [
              [`ip ${client.ip}`, 5],
              [`user ${client.user}`, 3],
              [`team ${client.team}`, 9],
            ] as const;
            const room = limitsOfClient.every(([name, most]) => (used.get(name) ?? 0) < most);
            const decision = await limit(rule, client);
            expect(decision.allowed).toBe(room);
            if (room)
              for (const [name] of limitsOfClient) used.set(name, (used.get(name) ?? 0) + 1);
            // A remembered denial has the counts of the other limits from when it was made.
            const told = decision.remembered ? await peek(rule, client) : decision;
            expect(told.limits.map(({ remaining }) => remaining)).toEqual(
              limitsOfClient.map(([name, most]) => most - (used.get(name) ?? 0)),
            );
          }
        }),
        { numRuns: 15 },
      );
    },
  );

  test("a refund returns all units of a decision", async () => {
    const limits = limitsOf(true);
    const before = await limits.peek("both", who(5));
    const decision = await limits.limit("both", who(5));
    expect(await limits.refund(decision)).toBe(3);
    expect((await limits.peek("both", who(5))).limits).toEqual(before.limits);
    expect(await limits.refund(decision)).toBe(0);
  });

  test("a rule in shadow is consumed from whole or not at all", async () => {
    const limits = limitsOf(true);
    const outcome = async () => (await limits.limit("trial", who(6))).shadows[0];
    expect(await outcome()).toMatchObject({ allowed: true });
    const second = await outcome();
    expect(second?.allowed).toBe(false);
    expect(second?.limits.map(({ remaining }) => remaining)).toEqual([0, 2]);
    expect((await limits.peek("trial", who(6))).shadows[0]?.limits[1]?.remaining).toBe(2);
  });

  test("requests that an optimistic rule allowed are counted for each client, on its node", async () => {
    const rules = {
      quick: {
        match: "/quick",
        limits: { ip: "50 per day", user: "30 per day" },
        admit: "optimistic",
      },
    } as const;
    const own = definePolicy({
      identities: defineIdentities({ user: () => "ada" }),
      rules,
    });
    const { options, events } = gateOptions(store);
    const guard = createGate(own, { ...options, cluster: true });
    const counted: unknown[] = [];
    for (let i = 0; i < 6; i += 1) {
      const later: Promise<unknown>[] = [];
      const headers = { "x-forwarded-for": "203.0.113.90" };
      await guard(new Request("http://app.example/quick", { headers }), {
        waitUntil: (work) => later.push(work),
      });
      await Promise.all(later);
      const event = events.at(-1);
      counted.push(event?.kind === "decision" ? event.decision.counted : event);
    }
    expect(counted).toEqual(["in-store", ...Array.from({ length: 5 }, () => "after-answer")]);
    const { peek } = createLimits(own, { ...options, cluster: true });
    const { limits } = await peek("quick", { ip: "203.0.113.90", user: "ada" });
    expect(limits.map(({ remaining }) => remaining)).toEqual([44, 24]);
  });

  test("an instance reads the document's version in the pipeline of a check of several clients", async () => {
    const instance = startLiveGate(store, {
      policy: definePolicy({
        identities: IDENTITIES,
        rules: { both: { match: "/both", limits: { ip: "50 per day", user: "50 per day" } } },
      }),
      env: { HEADGATE_CLUSTER: "1" },
    });
    const sending = { path: "/both", user: "ada" };
    // Waits until each of the masters knows the script.
    for (let n = 0; n < 20; n += 1) await instance.send({ path: "/both", user: `user-${n}` });
    const { direct } = await store.cluster.masterOf(instance.gate.keys.control("entries"));
    await writeEntries(direct, instance.gate, {
      one: { kind: "block", network: "203.0.113.0/24" },
    });
    instance.pass(2000);
    instance.calls.length = 0;
    expect(await instance.statuses(2, sending)).toEqual([200, 403]);
    expect(instance.calls).toEqual([
      ["EVALSHA", "EVALSHA", "GET"],
      ["TIME", "HSCAN"],
    ]);
  });

  test("units consumed on one client's node are refunded when the other's node is unavailable", async () => {
    const limits = limitsOf(true);
    await warmUp(limits);
    const [dead, ...alive] = store.cluster.nodes.slice(0, 3);
    await dead?.kill();
    const reasons: string[] = [];
    for (let n = 1; n <= 30; n += 1) {
      const decision = await limits.limit("gone", who(n));
      expect(decision.allowed).toBe(true);
      reasons.push(decision.reason);
    }
    const passed = reasons.filter((reason) => reason === "within-limit").length;
    const failed = reasons.filter((reason) => reason === "store-failed").length;
    expect(passed + failed).toBe(30);
    expect(Math.min(passed, failed)).toBeGreaterThan(0);
    const left = await Promise.all(alive.map(({ direct }) => direct.keys("*:gone:*")));
    expect(left.flat()).toHaveLength(2 * passed);
  });
});

test("counters of a window are written by one script, whose keys are on one node", async () => {
  const { gate, sendAll } = countingGate(store, ownNamespace(), {
    cluster: true,
    counters: { upstashConsole: true },
  });
  await sendAll(5, "/api/x");
  const text = await renderMetrics(gate);
  expect(text).toContain('headgate_decisions_total{rule="api",outcome="allowed"} 2\n');
  expect(text).toContain('headgate_decisions_total{rule="api",outcome="denied"} 3\n');
});
