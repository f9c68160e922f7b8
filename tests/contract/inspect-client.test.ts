import { describe, expect, test } from "vitest";
import { inspectClient, resetClient } from "#lib/inspect";
import { from, gateOn, ruleOf, send, type TestedGate } from "../support/inspected-gate.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();

/** Returns every key of a gate with its content. */
async function dump(gate: TestedGate): Promise<Readonly<Record<string, string>>> {
  const keys = await live.direct.keys(`${gate.options.namespace}:*`);
  const held = await Promise.all(keys.map((key) => live.direct.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, i) => [key, held[i]?.toString("hex") ?? ""]));
}

describe("a client that is inspected", () => {
  test("an inspected client has the counts of the gate, and nothing is written", async () => {
    const gate = gateOn(live.store);
    for (let i = 0; i < 4; i += 1) await send(gate, "/api/search", from("203.0.113.7"));
    const before = await dump(gate);
    const { mode, countedIn, rules, unknown } = await inspectClient(gate, { ip: "203.0.113.7" });
    expect(await dump(gate)).toEqual(before);
    expect({ mode, countedIn, unknown }).toEqual({
      mode: "enforce",
      countedIn: "store",
      unknown: [],
    });
    const [, search] = rules;
    expect(search).toMatchObject({ rule: "search", isShadow: false, hasCapacity: false });
    expect(search?.limits).toMatchObject([{ used: 3, remaining: 0, limit: 3, cost: 1 }]);
    expect(Object.keys(before)).toContain(search?.limits[0]?.key);
    // A denied request consumes nothing, also not from other rules.
    expect(rules[0]?.limits.map(({ name, used }) => [name, used])).toEqual([
      ["api:ip:day", 3],
      ["api:global:day", 3],
    ]);
  });

  test.each([
    ["/api/search", { ip: "203.0.113.8" }, from("203.0.113.8")],
    ["/api/search", { identities: { user: "ada" }, ip: "1.2.3.4" }, from("1.2.3.4", "ada")],
    ["/api/search", { ip: "2001:db8::7" }, from("2001:db8::ffff")],
    ["/api/plans", { ip: "203.0.113.9" }, from("203.0.113.9")],
    [
      "/api/plans",
      { ip: "203.0.113.9", identities: { plan: "pro" } },
      { ...from("203.0.113.9"), "x-plan": "pro" },
    ],
    ["/api/trial", { ip: "203.0.113.10" }, from("203.0.113.10")],
    ["/api/part", { ip: "203.0.113.11" }, from("203.0.113.11")],
    ["/api/part", { ip: "203.0.113.13", identities: { user: "eve" } }, from("203.0.113.13", "eve")],
  ])(
    "an inspected client, by %s as %j, has the keys by which the gate counts it",
    async (path, query, headers) => {
      const gate = gateOn(live.store);
      await send(gate, path, headers);
      const { rules } = await inspectClient(gate, query);
      const used = rules.flatMap(({ limits }) => limits.filter((limit) => limit.used > 0));
      expect(used.map(({ key }) => key).toSorted()).toEqual(
        Object.keys(await dump(gate)).toSorted(),
      );
    },
  );

  test("an inspected client has the capacity that the next check finds", async () => {
    const gate = gateOn(live.store);
    const query = { ip: "203.0.113.20", identities: { account: "shop" } };
    for (const remaining of [5, 3, 1]) {
      const login = await ruleOf(gate, query, "login");
      expect(login?.limits[0]).toMatchObject({ name: "login:ip+account:day", remaining, cost: 2 });
      const { allowed } = await gate.limits.limit("login", { ip: query.ip, account: "shop" });
      expect(allowed).toBe(login?.hasCapacity);
    }
  });

  test("a client that is named by its key has only its used capacity listed", async () => {
    const gate = gateOn(live.store);
    await send(gate, "/api/search", from("203.0.113.30", "ada"));
    await send(gate, "/api/plans", from("203.0.113.30", "ada"));
    const key = gate.keyedHash("user", "ada");
    const { rules, clientKeys } = await inspectClient(gate, { key });
    expect(clientKeys).toEqual([key]);
    expect(rules.map(({ rule, tier, limits }) => [rule, tier, limits[0]?.used])).toEqual([
      ["search", null, 1],
      ["plans", "free", 1],
      ["plans", "pro", 1],
    ]);
    const others = await inspectClient(gate, { key: gate.keyedHash("user", "bob") });
    expect(others.rules).toEqual([]);
    const all = await inspectClient(gate, { key: gate.keyedHash("global", "") });
    expect(all.rules.map(({ limits }) => limits[0]?.name)).toEqual(["api:global:day"]);
  });

  test("without an address, limits that count addresses are named and not read", async () => {
    const gate = gateOn(live.store);
    const { rules, unknown } = await inspectClient(gate, { identities: { account: "shop" } });
    expect(unknown.map(({ name }) => name)).toEqual([
      "api:ip:day",
      "search:user|ip:day",
      "plans:user|ip:day",
      "trial:user|ip:day",
      "part:user|ip:day",
      "drawn:ip:day",
      "drawn:account:day",
      "login:ip+account:day",
    ]);
    expect(rules.map(({ rule, limits }) => [rule, limits.map(({ name }) => name)])).toEqual([
      ["api", ["api:global:day"]],
      ["login", ["login:account:day"]],
    ]);
  });

  test.each([
    [{}, "LIMIT_BAD_ARGUMENT", "a client key must be given"],
    [{ ip: "nowhere" }, "LIMIT_BAD_ARGUMENT", "ip must be an IPv4 or IPv6 address"],
    [{ key: "short" }, "LIMIT_BAD_ARGUMENT", "key must be a client key"],
    [{ key: "a".repeat(22), ip: "1.2.3.4" }, "LIMIT_BAD_ARGUMENT", "given without ip"],
    [
      { identities: { usr: "ada" } },
      "LIMIT_BAD_ARGUMENT",
      "Its identities are ip, user, account, plan",
    ],
    [{ identities: { user: "" } }, "LIMIT_BAD_ARGUMENT", "user must be a text of 1 to 1024"],
    [{ ip: "1.2.3.4", rule: "serch" }, "LIMIT_UNKNOWN_RULE", "The rules are api, search"],
  ])("the query %j is rejected", async (query, code, why) => {
    const gate = gateOn(live.store);
    for (const pending of [inspectClient(gate, query), resetClient(gate, query)]) {
      await expect(pending).rejects.toMatchObject({
        code,
        message: expect.stringContaining(why) as string,
      });
    }
  });
});

describe("a client that is reset", () => {
  test("a reset frees its client, and no other client", async () => {
    const gate = gateOn(live.store);
    const both = { ip: "203.0.113.40", identities: { user: "ada", account: "shop" } };
    const paths = ["/api/search", "/api/plans", "/api/trial", "/api/part"];
    for (const path of paths) await send(gate, path, from(both.ip, "ada"));
    await gate.limits.limit("login", { ip: both.ip, account: "shop" });
    const own = await dump(gate);
    for (const path of paths) {
      await send(gate, path, from("203.0.113.41"));
      await send(gate, path, from("203.0.113.41", "bob"));
      await send(gate, path, from(both.ip, "eve"));
    }
    const all = await dump(gate);
    const { freed, unknown } = await resetClient(gate, both);
    expect(unknown).toEqual([]);
    const keys = new Set(freed.map(({ key }) => key));
    const isOfAll = (key: string) => key.includes(":api:global:");
    expect([...keys].toSorted()).toEqual(
      Object.keys(own)
        .filter((key) => !isOfAll(key))
        .toSorted(),
    );
    const others = Object.entries(all).filter(([key]) => !keys.has(key));
    expect(others.filter(([key]) => isOfAll(key))).toHaveLength(1);
    expect(await dump(gate)).toEqual(Object.fromEntries(others));
    const { rules } = await inspectClient(gate, both);
    const used = rules.flatMap(({ limits }) => limits.filter((limit) => limit.used > 0));
    expect(used.every(({ isGlobal }) => isGlobal)).toBe(true);
  });

  test("a reset frees a client of a rule on trial without the address that selects its clients", async () => {
    const gate = gateOn(live.store);
    const identities = { account: "shop" };
    await gate.limits.limit("drawn", { ip: "203.0.113.45", ...identities });
    const { freed, unknown } = await resetClient(gate, { identities, rule: "drawn" });
    expect(freed.map(({ name }) => name)).toEqual(["drawn:account:day"]);
    expect(unknown.map(({ name }) => name)).toEqual(["drawn:ip:day"]);
  });

  test("a reset frees a client of one rule, and by its key", async () => {
    const gate = gateOn(live.store);
    for (const path of ["/api/search", "/api/trial"]) {
      await send(gate, path, from("203.0.113.50", "ada"));
    }
    const user = { key: gate.keyedHash("user", "ada") };
    const one = await resetClient(gate, { ...user, rule: "search" });
    expect(one.freed.map(({ name }) => name)).toEqual(["search:user|ip:day"]);
    const rest = await resetClient(gate, user);
    expect(rest.freed.map(({ name }) => name)).toEqual(["trial:user|ip:day"]);
    expect((await resetClient(gate, user)).freed).toEqual([]);
  });
});
