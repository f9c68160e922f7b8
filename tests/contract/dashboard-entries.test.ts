import { describe, expect, test } from "vitest";
import { createControl } from "#lib/control";
import { controlKeys } from "#lib/control/keys";
import type { DashboardOptions } from "#lib/dashboard/index";
import type { LookedUp, Snapshot } from "#lib/dashboard/model";
import { followingGate, sendTo } from "../support/controlled-app.ts";
import type { ControlledGate } from "../support/controlled.ts";
import { BLOCK, dashboardOf, nextControl, problemIn } from "../support/dashboard-changes.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const store = liveStore();

const cleanUp = scope();

const openStream = async (gate: ControlledGate, options?: DashboardOptions) =>
  cleanUp(await dashboardOf(gate, options).open(), (it) => it.close());

describe("entries on a page", () => {
  test("an entry of another instance arrives by the stream with its countdown, and leaves when it is lifted", async () => {
    const gate = followingGate(store.store);
    const stream = await openStream(gate);
    expect(await nextControl(stream)).toEqual({
      entries: [],
      more: 0,
      isFollowed: true,
      admin: "ada",
    });
    const control = createControl(gate);
    const { id } = await control.block(
      { ip: "203.0.113.0/24" },
      { for: "10m", reason: "a flood", by: "eve" },
    );
    const { entries } = await nextControl(stream);
    expect(entries).toMatchObject([{ id, kind: "block", reason: "a flood", by: "eve" }]);
    expect(entries[0]?.endsInMs).toBeGreaterThan(580_000);
    expect(entries[0]?.endsInMs).toBeLessThanOrEqual(600_000);
    await control.remove(id, { by: "eve" });
    expect((await nextControl(stream)).entries).toEqual([]);
  });

  test("an entry leaves the page when it expires", async () => {
    const gate = followingGate(store.store);
    const stream = await openStream(gate);
    const terms = { reason: "short", by: "eve" };
    await createControl(gate).mode("off", { for: "1s", rule: "search", ...terms });
    await createControl(gate).mode("off", { for: "1h", rule: "login", ...terms });
    await nextControl(stream, ({ entries }) => entries.some(({ id }) => id.includes("login")));
    const { entries } = await nextControl(stream, ({ entries: all }) => all.length === 1);
    expect(entries).toMatchObject([{ rule: "login" }]);
  });

  test("the page lists the first 100 entries and the number of the others, and marks entries that cannot be read", async () => {
    const gate = followingGate(store.store);
    const { entries, version } = controlKeys(gate.keys);
    const until = Date.now() + 3_600_000;
    const fields = Array.from({ length: 9_999 }, (_, i) => [
      `network:10.${i >> 8}.${i & 255}.0/24`,
      JSON.stringify({ until: until + i, kind: "block", network: `10.${i >> 8}.${i & 255}.0/24` }),
    ]);
    await store.direct.hset(entries, Object.fromEntries([...fields, ["strange", "{"]]));
    await store.direct.set(version, "1-1");
    const control = await nextControl(await openStream(gate));
    expect([control.entries.length, control.more]).toEqual([100, 9_900]);
    expect(control.entries[0]).toMatchObject({
      id: "strange",
      kind: "unreadable",
      isUsable: false,
    });
    expect(control.entries[1]).toMatchObject({ client: { network: "10.0.0.0/24" } });
  });

  test("the page reports a gate that does not follow the control document, because its settings have no `live`", async () => {
    const gate = followingGate(store.store, { live: undefined as never });
    expect(await nextControl(await openStream(gate))).toMatchObject({ isFollowed: false });
  });

  test("the page shows a mode of all rules in place of HEADGATE_MODE", async () => {
    const gate = followingGate(store.store);
    const stream = await openStream(gate);
    expect((await stream.snapshot()).store).toMatchObject({ mode: "enforce", isModeSet: false });
    await createControl(gate).mode("shadow", { for: "1h", reason: "an incident", by: "eve" });
    const isShadow = ({ store: { mode } }: Snapshot) => mode === "shadow";
    expect((await stream.snapshot(isShadow)).store.isModeSet).toBe(true);
  });
});

describe("a client that is looked up", () => {
  test("a client that is looked up has its limits, the decision of its next request, and its entries", async () => {
    const gate = followingGate(store.store);
    const headers = { "x-forwarded-for": "203.0.113.7" };
    for (let i = 0; i < 3; i += 1) {
      await sendTo(gate, new Request("https://app.example/api/search", { headers }));
    }
    const key = gate.keyedHash("ip", "203.0.113.7");
    const { at, post } = dashboardOf(gate, { authorize: () => true });
    await dashboardOf(gate).post({ ...BLOCK, client: key });
    await dashboardOf(gate).post({ ...BLOCK, client: gate.keyedHash("ip", "203.0.113.8") });
    const response = await at(`client.json?key=${key}`);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    const { inspection } = (await response.json()) as LookedUp;
    expect(inspection.rules).toMatchObject([
      {
        rule: "search",
        hasCapacity: false,
        reason: "blocked",
        limits: [
          { name: "search:ip:day", used: 2, remaining: 0 },
          { name: "search:ip:week", used: 2, remaining: 98 },
        ],
      },
    ]);
    expect(inspection.set).toMatchObject([{ kind: "block", client: { clientKey: key } }]);
    expect(inspection.listed).toMatchObject({ list: "block", reason: "a flood" });
    expect((await post({ ...BLOCK, client: key })).status).toBe(403);
  });

  test.each(["", "?key=", "?key=203.0.113.7", "?key=constructor"])(
    "a look-up without a client key, %j, is rejected with a text",
    async (query) => {
      const { at } = dashboardOf(followingGate(store.store));
      const response = await at(`client.json${query}`);
      expect(response.status).toBe(400);
      expect((await problemIn(response)).detail).toContain(
        "the 22 characters from a line of the log",
      );
    },
  );
});
