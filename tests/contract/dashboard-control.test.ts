import { describe, expect, test, vi } from "vitest";
import { createControl } from "#lib/control";
import type { DashboardOptions } from "#lib/dashboard/index";
import type { Changed, ControlNow } from "#lib/dashboard/model";
import { followingGate, sendTo } from "../support/controlled-app.ts";
import type { ControlledGate } from "../support/controlled.ts";
import {
  ADA,
  BLOCK,
  dashboardOf,
  nextControl,
  OWN,
  problemIn,
} from "../support/dashboard-changes.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const store = liveStore();

const cleanUp = scope();

const openStream = async (gate: ControlledGate, options?: DashboardOptions) =>
  cleanUp(await dashboardOf(gate, options).open(), (it) => it.close());

describe("permission to change entries", () => {
  const throws = () => {
    throw new Error("no session store");
  };
  test.each<readonly [string, Partial<DashboardOptions>, number]>([
    ["a viewer without the option `admin`", { admin: undefined }, 403],
    ["a viewer whose name is undefined", { admin: () => undefined }, 403],
    ["a viewer whose name is empty", { admin: () => " " }, 403],
    ["a viewer whose name is not text", { admin: (() => true) as never }, 403],
    ["a viewer for whom `admin` throws", { admin: throws }, 403],
    ["a person who must not see the dashboard", { authorize: () => false }, 404],
    ["an admin", { admin: async () => "ada" }, 200],
  ])("a change by %s gets the expected status", async (_, options, status) => {
    const onEvent = vi.fn();
    const gate = followingGate(store.store, { onEvent: [onEvent] });
    const { post } = dashboardOf(gate, { ...ADA, ...options });
    expect((await post(BLOCK)).status).toBe(status);
    expect(await createControl(gate).list()).toHaveLength(status === 200 ? 1 : 0);
    const reported = onEvent.mock.calls.filter(([event]) => event.name === "dashboard admin");
    expect(reported).toHaveLength(options.admin === throws ? 1 : 0);
  });

  test("a page gets its admin's name, and a viewer's page gets none", async () => {
    const gate = followingGate(store.store);
    expect((await nextControl(await openStream(gate))).admin).toBe("ada");
    const viewer = await openStream(gate, { authorize: () => true });
    expect((await nextControl(viewer)).admin).toBeNull();
  });

  test.each<readonly [string, Readonly<Record<string, string>>, number]>([
    ["another site", { ...OWN, "sec-fetch-site": "cross-site" }, 403],
    ["a sibling of the app's host", { ...OWN, "sec-fetch-site": "same-site" }, 403],
    ["no page", { ...OWN, "sec-fetch-site": "none" }, 403],
    [
      "another site, whose Origin lies",
      { ...OWN, "sec-fetch-site": "cross-site", origin: "https://app.example" },
      403,
    ],
    ["an unknown place", { "content-type": OWN["content-type"] }, 403],
    ["another origin", { ...old("https://other.example") }, 403],
    ["an origin that is hidden", { ...old("null") }, 403],
    ["another port", { ...old("https://app.example:8443") }, 403],
    ["the host without TLS", { ...old("http://app.example") }, 403],
    ["the page in a browser without Sec-Fetch-Site", { ...old("https://app.example") }, 200],
    ["the page", OWN, 200],
    ["a form", { ...OWN, "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a form of text", { ...OWN, "content-type": "text/plain; a=application/json" }, 415],
    ["a page with a charset", { ...OWN, "content-type": "Application/JSON; charset=utf-8" }, 200],
  ])("a change with the headers of %s gets the expected status", async (_, headers, status) => {
    const gate = followingGate(store.store);
    const response = await dashboardOf(gate).post(BLOCK, headers);
    expect(response.status).toBe(status);
    const type = status === 200 ? "application/json" : "application/problem+json";
    expect(response.headers.get("content-type")).toBe(type);
    expect(await createControl(gate).list()).toHaveLength(status === 200 ? 1 : 0);
  });

  function old(origin: string) {
    return { "content-type": OWN["content-type"], host: "app.example", origin };
  }

  test("each path accepts only its method", async () => {
    const { at, post } = dashboardOf(followingGate(store.store));
    const pending = await Promise.all([
      at("changes.json"),
      at("changes.json", { method: "HEAD" }),
      at("live.sse", { method: "POST", headers: OWN, body: "{}" }),
      at("", { method: "DELETE" }),
    ]);
    expect(pending.map(({ status, headers }) => [status, headers.get("allow")])).toEqual([
      [405, "POST"],
      [405, "POST"],
      [405, "GET"],
      [405, "GET"],
    ]);
    expect((await post(BLOCK)).status).toBe(200);
  });
});

describe("a change", () => {
  test.each<readonly [unknown, number, string]>([
    ["", 400, "must be a JSON object"],
    ["{", 400, "must be a JSON object"],
    ["[]", 400, "must be a JSON object"],
    ["null", 400, "must be a JSON object"],
    [{}, 400, "action must be one of: block, allow, override"],
    [{ ...BLOCK, action: "constructor" }, 400, "action must be one of"],
    [{ ...BLOCK, action: ["block"] }, 400, "action must be one of"],
    [
      { ...BLOCK, by: "eve" },
      400,
      "The body must have only these fields: action, client, for, reason.",
    ],
    ['{"action":"block","__proto__":{}}', 400, "The body must have only these fields"],
    [{ ...BLOCK, client: { ip: "1.2.3.4" } }, 400, "client must be text of 1 to 512 characters"],
    [{ ...BLOCK, reason: "" }, 400, "reason must be text of 1 to 512 characters"],
    [{ ...BLOCK, for: 60_000 }, 400, "for must be text"],
    [{ ...BLOCK, client: "a".repeat(513) }, 400, "client must be text"],
    [{ ...BLOCK, client: "203.0.113.9/24" }, 400, "203.0.113.0/24"],
    [{ ...BLOCK, client: "everyone" }, 400, "an address"],
    [{ ...BLOCK, for: "31 days" }, 400, "for must be"],
    [{ ...BLOCK, reason: "two\nlines" }, 400, "reason must be"],
    [{ action: "mode", mode: "on", for: "1h", reason: "x" }, 400, "mode must be"],
    [{ action: "mode", mode: "off", rule: "nope", for: "1h", reason: "x" }, 400, "search"],
    [{ action: "override", rule: "search", to: "0", for: "1h", reason: "x" }, 400, "to must be"],
    [{ action: "override", rule: "search", to: "9", for: "1h", reason: "x" }, 400, "limit"],
    [{ action: "reset", client: "203.0.113.7" }, 400, "key must be a client key"],
    [{ ...BLOCK, reason: "x".repeat(5000) }, 413, "4096 bytes"],
  ])(
    "a change with the body %j is rejected with %i, and nothing is set",
    async (body, status, words) => {
      const gate = followingGate(store.store);
      const response = await dashboardOf(gate).post(body);
      expect(response.status).toBe(status);
      const { detail, status: own } = await problemIn(response);
      expect(detail).toContain(words);
      expect(own).toBe(status);
      expect(await createControl(gate).log()).toEqual([]);
    },
  );

  test("a change of each kind is set in the admin's name, listed, lifted, and logged", async () => {
    const gate = followingGate(store.store);
    const { post } = dashboardOf(gate);
    const client = gate.keyedHash("ip", "203.0.113.7");
    const terms = { for: "30 minutes", reason: "because" };
    const changes = [
      { action: "block", client: "198.51.100.0/24", ...terms },
      { action: "allow", client, ...terms },
      { action: "override", rule: "search", to: "2x", client, ...terms },
      { action: "override", rule: "search", limit: "search:ip:day", to: "7", ...terms },
      { action: "override", rule: "login", to: "unlimited", ...terms },
      { action: "mode", mode: "shadow", rule: "search", ...terms },
      { action: "mode", mode: "shadow", ...terms },
    ];
    let control: ControlNow | undefined;
    for (const change of changes) {
      const response = await post(change);
      expect([change, response.status]).toEqual([change, 200]);
      expect(response.headers.get("cache-control")).toBe("private, no-store");
      ({ control } = (await response.json()) as Changed);
    }
    const whole = expect.objectContaining({
      by: "ada",
      reason: "because",
      isUsable: true,
    }) as object;
    expect(control?.entries).toEqual(changes.map(() => whole));
    expect(control?.entries.map(({ endsInMs }) => endsInMs > 1_700_000)).not.toContain(false);
    expect(control?.entries).toMatchObject([
      { kind: "block", client: { network: "198.51.100.0/24" } },
      { kind: "allow", client: { clientKey: client } },
      { kind: "override", to: "2x", client: { clientKey: client } },
      { kind: "override", to: 7, limit: "search:ip:day", client: null },
      { kind: "override", to: "unlimited", rule: "login" },
      { kind: "mode", mode: "shadow", rule: "search" },
      { kind: "mode", mode: "shadow", rule: null },
    ]);
    for (const { id } of control?.entries ?? []) {
      const lifted = await post({ action: "remove", id, reason: "it is over" });
      ({ control } = (await lifted.json()) as Changed);
    }
    expect(control?.entries).toEqual([]);
    const log = await createControl(gate).log();
    expect(log.map(({ action, by }) => `${action} ${by}`)).toEqual([
      ...changes.map(() => "remove ada"),
      ...changes.map(() => "set ada"),
    ]);
  });

  test("a change of an entry that was removed already changes nothing, and returns what is set", async () => {
    const response = await dashboardOf(followingGate(store.store)).post({
      action: "remove",
      id: "network:203.0.113.0/24",
    });
    expect(await response.json()).toEqual({
      control: { entries: [], more: 0, isFollowed: true, admin: "ada" },
      freed: null,
    });
  });

  test("a change holds for real requests, and a reset frees a client", async () => {
    const gate = followingGate(store.store);
    const { post } = dashboardOf(gate);
    const search = async () => {
      const headers = { "x-forwarded-for": "203.0.113.7" };
      return (await sendTo(gate, new Request("https://app.example/api/search", { headers })))
        .status;
    };
    const client = gate.keyedHash("ip", "203.0.113.7");
    expect([await search(), await search(), await search()]).toEqual([200, 200, 429]);
    const reset = await post({ action: "reset", client });
    expect((await reset.json()) as Changed).toMatchObject({ freed: 2 });
    const [change] = await createControl(gate).log();
    expect(change).toMatchObject({ action: "reset", by: "ada" });
    await post({ ...BLOCK, client });
    await expect.poll(search, { timeout: 30_000, interval: 250 }).toBe(403);
  });

  test("a change that needs HEADGATE_SECRET names the variable when it is not set", async () => {
    const gate = followingGate(store.store, { isSecretSet: false });
    const client = gate.keyedHash("ip", "203.0.113.7");
    const { post } = dashboardOf(gate);
    const response = await post({ ...BLOCK, client });
    expect(response.status).toBe(409);
    expect(await problemIn(response)).toMatchObject({ code: "CONTROL_NEEDS_SECRET" });
    expect((await post(BLOCK)).status).toBe(200);
  });

  test("a change that the store rejects gets a 503 with the code, without the store's address", async () => {
    const gate = followingGate({ url: "http://127.0.0.1:9", token: "a-secret-token" });
    const { post, at } = dashboardOf(gate);
    const key = gate.keyedHash("ip", "203.0.113.7");
    for (const response of [await post(BLOCK), await at(`client.json?key=${key}`)]) {
      expect(response.status).toBe(503);
      const text = JSON.stringify(await problemIn(response));
      expect(text).toContain("STORE_UNREACHABLE");
      expect(text).not.toMatch(/127\.0\.0\.1|a-secret-token/);
    }
  });
});
