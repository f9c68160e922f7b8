import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createControl } from "#lib/control";
import { inspectClient } from "#lib/inspect";
import { live } from "#lib/live";
import { controlledGate, newNamespace, sendThrough } from "../support/controlled.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const TERMS = { for: "2h", reason: "a flood", by: "ada" };
const IP = "203.0.113.7";

/** A gate without `live`, as a command has it, and the control that sets entries for it. */
function inspected() {
  const gate = controlledGate(store.store);
  return { gate, control: createControl(gate) };
}

/** Returns the decision of each rule, by its name. */
async function outcomes(...asked: Parameters<typeof inspectClient>) {
  const { rules } = await inspectClient(...asked);
  return Object.fromEntries(
    rules.map(({ rule, isAllowed, reason, entry }) => [rule, { isAllowed, reason, entry }]),
  );
}

describe("a client that is inspected", () => {
  test("an inspected client without entries has the limits of the policy", async () => {
    const { gate } = inspected();
    const { listed, set, mode, rules } = await inspectClient(gate, { ip: IP });
    expect({ listed, set, mode }).toEqual({ listed: null, set: [], mode: "enforce" });
    expect(new Set(rules.map(({ reason }) => reason))).toEqual(new Set(["within-limit"]));
    expect(rules.every(({ isAllowed, entry }) => isAllowed && entry === null)).toBe(true);
  });

  test.each([
    [{ ip: "198.51.100.9" }, "policy block 1", "a network of the policy"],
    [{ ip: IP, identities: { user: "mallory" } }, "policy block 2", "a user of the policy"],
  ])("an inspected client of %j is blocked by the policy", async (query, id, reason) => {
    const { gate } = inspected();
    const { listed, rules } = await inspectClient(gate, query);
    expect(listed).toEqual({ id, list: "block", reason });
    expect(rules[0]).toMatchObject({ isAllowed: false, reason: "blocked", entry: id });
  });

  test("an inspected client with a block or allow entry shows it with its reason, also by its key", async () => {
    const { gate, control } = inspected();
    const network = await control.block({ ip: "203.0.113.0/24" }, TERMS);
    const user = await control.allow({ identity: "user", value: "bob" }, TERMS);
    await control.block({ identity: "user", value: "eve" }, TERMS);
    const blocked = await inspectClient(gate, { ip: IP });
    expect(blocked.listed).toEqual({ id: network.id, list: "block", reason: "a flood" });
    expect(blocked.set).toMatchObject([{ id: network.id, by: "ada", at: network.at }]);
    expect(blocked.rules[0]).toMatchObject({ isAllowed: false, reason: "blocked" });
    const both = await inspectClient(gate, { ip: IP, identities: { user: "bob" } });
    expect(both.listed).toMatchObject({ id: user.id, list: "allow" });
    expect(new Set(both.set.map(({ id }) => id))).toEqual(new Set([network.id, user.id]));
    expect(both.rules[0]).toMatchObject({
      isAllowed: true,
      reason: "allow-listed",
      entry: user.id,
    });
    const byKey = await inspectClient(gate, { key: gate.keyedHash("user", "bob") });
    expect(byKey.listed).toMatchObject({ id: user.id, list: "allow", reason: "a flood" });
    expect(byKey.set.map(({ id }) => id)).toEqual([user.id]);
    const ofPolicy = await inspectClient(gate, { key: gate.keyedHash("user", "mallory") });
    expect(ofPolicy.listed).toMatchObject({ id: "policy block 2" });
  });

  test("an inspected client has the limits of overrides, beside those of the policy", async () => {
    const { gate, control } = inspected();
    const client = { identity: "user", value: "ada" };
    await control.override({ rule: "search", to: "2x", client }, TERMS);
    await control.override({ rule: "api", to: "unlimited", client: { ip: IP } }, TERMS);
    await control.override({ rule: "search", to: 7, client: { ip: "192.0.2.1" } }, TERMS);
    const query = { ip: IP, identities: { user: "ada" } };
    const { rules, set } = await inspectClient(gate, query);
    const search = rules.find(({ rule }) => rule === "search");
    expect(search?.limits).toMatchObject([{ limit: 6, policyLimit: 3, remaining: 6 }]);
    expect(set).toHaveLength(2);
    expect(set).toContainEqual(expect.objectContaining({ rule: "search", to: "2x" }));
    expect(set).toContainEqual(expect.objectContaining({ rule: "api", to: "unlimited" }));
    const api = rules.find(({ rule }) => rule === "api");
    expect(api).toMatchObject({ isAllowed: true, reason: "unlimited", limits: [] });
    const other = await inspectClient(gate, { ip: "192.0.2.9", rule: "search" });
    expect(other.set).toEqual([]);
    expect(other.rules[0]?.limits).toMatchObject([{ limit: 3, policyLimit: 3 }]);
    await sendThrough(gate, IP, "/api/search", { "x-user": "ada" });
    const byKey = await inspectClient(gate, { key: gate.keyedHash("user", "ada") });
    expect(byKey.rules[0]?.limits).toMatchObject([{ limit: 6, policyLimit: 3, used: 1 }]);
    expect(byKey.set).toMatchObject([{ rule: "search", to: "2x" }]);
  });

  test("an inspected client has the set modes, of one rule and of all rules", async () => {
    const { gate, control } = inspected();
    await control.mode("off", { ...TERMS, rule: "api" });
    await control.mode("shadow", { ...TERMS, rule: "search" });
    const one = await outcomes(gate, { ip: IP });
    expect(one["api"]).toMatchObject({ isAllowed: true, reason: "switched-off" });
    expect(one["login"]).toMatchObject({ isAllowed: true, reason: "within-limit" });
    const { rules, set } = await inspectClient(gate, { ip: IP, rule: "search" });
    expect(rules).toMatchObject([{ isShadow: true, reason: "within-limit" }]);
    expect(set).toMatchObject([{ kind: "mode", rule: "search" }]);
    await control.block({ ip: IP }, TERMS);
    expect((await outcomes(gate, { ip: IP }))["api"]).toMatchObject({ reason: "blocked" });
    await control.mode("shadow", TERMS);
    expect((await inspectClient(gate, { ip: IP })).mode).toBe("shadow");
    expect((await outcomes(gate, { ip: IP }))["login"]).toMatchObject({
      isAllowed: true,
      reason: "blocked",
    });
    await control.mode("off", TERMS);
    const off = Object.values(await outcomes(gate, { ip: IP }));
    expect(new Set(off.map(({ reason }) => reason))).toEqual(new Set(["switched-off"]));
  });

  test("an inspected client has the decisions of the gate, whatever is set", async () => {
    const client = fc.constantFrom(
      { ip: IP },
      { ip: "203.0.113.0/24" },
      { identity: "user", value: "ada" },
      { identity: "user", value: "eve" },
    );
    const single = client.filter((each) => each.ip !== "203.0.113.0/24");
    const rule = fc.constantFrom("login", "trial", "fast");
    const entries = fc.record(
      {
        block: client,
        allow: client,
        override: fc.record({
          rule,
          to: fc.constantFrom("0.1x", "2x", "unlimited"),
          client: fc.option(single, { nil: undefined }),
        }),
        mode: fc.record({
          mode: fc.constantFrom("enforce", "shadow", "off"),
          rule: fc.option(rule, { nil: undefined }),
        }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(entries, rule, async ({ block, allow, override, mode }, name) => {
        const namespace = newNamespace();
        const control = createControl(controlledGate(store.store, { namespace }));
        if (block) await control.block(block, TERMS);
        if (allow) await control.allow(allow, TERMS);
        if (override) await control.override(override, TERMS);
        if (mode) await control.mode(mode.mode, { ...TERMS, rule: mode.rule });
        const gate = controlledGate(store.store, { namespace, live });
        // A request of a client without an entry loads the document.
        await sendThrough(gate, "192.0.2.1");
        await sendThrough(gate, "192.0.2.1");
        const identities = { user: "ada", account: "shop" };
        const query = { ip: IP, identities, rule: name };
        for (let i = 0; i < 3; i += 1) {
          const { rules } = await inspectClient(gate, query);
          const decision = await gate.limits.limit(name, { ip: IP, ...identities });
          expect(rules).toHaveLength(1);
          // A call from code is not a request: when its rule is off, blocks are not checked.
          if (mode?.mode === "off" && mode.rule === name && rules[0]?.reason === "blocked")
            continue;
          const { isAllowed, reason, entry } = rules[0] ?? {};
          const { allowed, limits, shadows, entry: decidedBy = null } = decision;
          const isCounted = limits.length > 0 || shadows.length > 0;
          expect({ isAllowed, entry, reason: isCounted ? undefined : reason }).toEqual({
            isAllowed: allowed,
            entry: decidedBy,
            reason: isCounted ? undefined : decision.reason,
          });
        }
      }),
      { numRuns: 25 },
    );
  });
});
