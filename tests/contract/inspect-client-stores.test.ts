import { expect, test } from "vitest";
import { inspectClient, resetClient } from "#lib/inspect";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { createTestGate } from "#lib/testing/gate";
import { upstashLimits } from "#lib/upstash";
import { startClusterStore } from "../support/cluster.ts";
import { from, gateOn, POLICY, ruleOf, send } from "../support/inspected-gate.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();

test("on a Redis Cluster, clients of several slots are inspected and reset", async () => {
  const store = cleanUp(await startClusterStore(), (it) => it.stop());
  const gate = gateOn(store, { cluster: true });
  const query = { ip: "203.0.113.60", identities: { account: "shop" } };
  await gate.limits.limit("login", { ip: query.ip, account: "shop" });
  const login = await ruleOf(gate, query, "login");
  expect(login?.limits.map(({ used }) => used)).toEqual([2, 2]);
  expect((await resetClient(gate, query)).freed).toHaveLength(2);
  expect((await ruleOf(gate, query, "login"))?.limits.map(({ used }) => used)).toEqual([0, 0]);
});

test("through @upstash/ratelimit, an inspected client has the same keys", async () => {
  const gate = gateOn(live.store, { limitStore: upstashLimits });
  await send(gate, "/api/search", from("203.0.113.70"));
  const search = await ruleOf(gate, { ip: "203.0.113.70" }, "search");
  expect(search?.limits).toMatchObject([{ used: 1, remaining: 2 }]);
  const { freed } = await resetClient(gate, { ip: "203.0.113.70" });
  expect(freed.map(({ name }) => name)).toEqual(["api:ip:day", "search:user|ip:day"]);
});

test("with limits in the memory of a process, inspecting reports that, and a reset fails", async () => {
  const gate = gateOn(live.store, { limitStore: () => new MemoryLimits() });
  await send(gate, "/api/search", from("203.0.113.80"));
  const { countedIn, rules } = await inspectClient(gate, { ip: "203.0.113.80" });
  expect([countedIn, rules[1]?.limits[0]?.used]).toEqual(["process", 1]);
  await expect(resetClient(gate, { ip: "203.0.113.80" })).rejects.toMatchObject({
    code: "LIMIT_NOT_IN_STORE",
  });
});

test("with a gate for tests, an inspected client has its counts", async () => {
  const gate = createTestGate(POLICY);
  await gate.exhaust("search", { ip: "203.0.113.90" });
  const { rules } = await inspectClient(gate, { ip: "203.0.113.90", rule: "search" });
  expect(rules).toMatchObject([{ hasCapacity: false, limits: [{ used: 3, remaining: 0 }] }]);
});

test("inspecting an unavailable store fails within the deadline", async () => {
  const gate = gateOn({ url: "http://127.0.0.1:9", token: live.store.token });
  await expect(inspectClient(gate, { ip: "1.2.3.4" })).rejects.toMatchObject({
    code: "STORE_UNREACHABLE",
  });
  await expect(resetClient(gate, { ip: "1.2.3.4" })).rejects.toMatchObject({
    code: "STORE_UNREACHABLE",
  });
});
