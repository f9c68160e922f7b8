import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { compilePolicy } from "#lib/policy/check/compile";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { isPrefetch } from "#lib/policy/prefetch";
import { senderTo } from "../../support/gate-sender.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { gateOptions } from "../../support/options.ts";
import { selected } from "../../support/selected.ts";

const policy = definePolicy({
  identities: defineIdentities({ plan: (request) => request.headers.get("x-plan") ?? undefined }),
  defaults: { headers: "always" },
  rules: {
    all: { match: "/p/:path*", limits: { ip: "500 per minute" } },
    pages: { match: "/p/:id", limits: { ip: "3 per minute" }, prefetch: "apart" },
    more: {
      match: "/m/:id",
      limits: { ip: ["2 per minute", "9 per day"] },
      prefetch: { times: 2 },
    },
    counted: { match: "/c/:id", limits: { ip: "3 per minute" } },
    tiered: {
      match: "/t/:id",
      tiers: { plan: { free: { ip: "1 per minute" }, pro: { ip: "2 per minute" } } },
      prefetch: "apart",
    },
    half: { match: "/half/:id", limits: { ip: "9 per minute" }, prefetch: "apart", mode: "50%" },
    special: { match: "/p/special", replaces: "pages", limits: { ip: "7 per minute" } },
  },
});

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

const PREFETCH = { "next-router-prefetch": "1", rsc: "1" };

function gate() {
  const { options, events } = gateOptions(store);
  const guard = createGate(policy, options);
  const sendToGate = senderTo(guard);
  const send = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    sendToGate(path, { headers, method });
  const statuses = async (times: number, path: string, headers?: Record<string, string>) => {
    const all = [];
    for (let i = 0; i < times; i += 1) all.push((await send(path, headers)).status);
    return all;
  };
  return { send, statuses, events };
}

const allowed = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length;

describe("a prefetch", () => {
  test("a prefetch consumes no visit when the rule has separate limits, which are ten times its own", async () => {
    const { statuses, send } = gate();
    expect(allowed(await statuses(34, "/p/1", PREFETCH))).toBe(30);
    expect(allowed(await statuses(5, "/p/1"))).toBe(3);
    const denied = await send("/p/1", PREFETCH);
    expect(denied.headers.get("ratelimit-policy")).toContain(
      '"pages:prefetch:ip:minute";q=30;w=60',
    );
  });

  test("a prefetch counts as a visit by default", async () => {
    const { statuses } = gate();
    expect(allowed(await statuses(2, "/c/1", PREFETCH))).toBe(2);
    expect(allowed(await statuses(3, "/c/1"))).toBe(1);
  });

  test("a prefetch has each limit times the rule's factor", async () => {
    const { statuses, send } = gate();
    expect((await send("/m/1", PREFETCH)).headers.get("ratelimit-policy")).toBe(
      '"more:prefetch:ip:minute";q=4;w=60, "more:prefetch:ip:day";q=18;w=86400',
    );
    expect(allowed(await statuses(5, "/m/1", PREFETCH))).toBe(3);
  });

  test("a prefetch is counted by the other matching rules like a visit", async () => {
    const { send } = gate();
    await send("/p/1", PREFETCH);
    expect((await send("/p/1")).headers.get("ratelimit")).toMatch(
      /"all:ip:minute";r=498;t=\d+, "pages:ip:minute";r=2;/,
    );
  });

  test("a prefetch has the limits of the client's tier", async () => {
    const { statuses } = gate();
    expect(allowed(await statuses(12, "/t/1", PREFETCH))).toBe(10);
    expect(allowed(await statuses(12, "/t/1", { ...PREFETCH, "x-plan": "pro" }))).toBe(10);
  });

  test("a prefetch is not counted by a replaced rule", async () => {
    const { send } = gate();
    const told = (await send("/p/special", PREFETCH)).headers.get("ratelimit-policy");
    expect(told).toBe('"all:ip:minute";q=500;w=60, "special:ip:minute";q=7;w=60');
  });

  test("a rule on trial is enforced for the prefetches and visits of the same clients", async () => {
    const { send } = gate();
    for (let n = 1; n <= 40; n += 1) {
      const client = { "x-forwarded-for": `198.51.100.${n}` };
      const decides = async (headers: Record<string, string>) =>
        (await send("/half/1", { ...client, ...headers })).headers.has("ratelimit");
      expect(await decides(PREFETCH)).toBe(await decides({}));
    }
  });

  test("only a GET is a prefetch, so other requests gain nothing by its headers", async () => {
    const { send } = gate();
    for (let i = 0; i < 3; i += 1) await send("/p/1", PREFETCH, "POST");
    expect((await send("/p/1")).status).toBe(429);
  });
});

test.each<[string, Record<string, string>, boolean]>([
  ["Next's router", { "next-router-prefetch": "1" }, true],
  ["Next's router, of a segment", { "next-router-segment-prefetch": "/_tree" }, true],
  ["our server, which replaces Next's headers", { "x-headgate-prefetch": "1" }, true],
  ["a speculation rule", { "sec-purpose": "prefetch" }, true],
  ["a speculation rule that renders", { "sec-purpose": "prefetch;prerender" }, true],
  ["an older browser", { purpose: "prefetch" }, true],
  ["a click", { rsc: "1", "next-router-state-tree": "x" }, false],
  ["another purpose", { "sec-purpose": "navigate" }, false],
  ["a plain client", {}, false],
])("isPrefetch for a request of %s with %j is %s", (_, headers, expected) => {
  expect(isPrefetch(new Request("http://app.example/", { headers }))).toBe(expected);
});

test("the limit for prefetches has two counters instead of a log, and is at most countable", () => {
  const huge = definePolicy({
    rules: {
      big: {
        match: "/p/:id",
        limits: { ip: { limit: Math.floor(2 ** 53 / 2000), window: 2000 } },
        algorithm: "fixed-window",
        prefetch: "apart",
      },
      small: { match: "/p/:id", limits: { ip: "100 per minute" }, prefetch: "apart" },
    },
  });
  const found = compilePolicy(huge).match("GET", "/p/1", false, true);
  const set = selected(found);
  expect(set?.limits.map(({ algorithm, limit }) => [algorithm, limit])).toEqual([
    ["fixed-window", Math.floor(2 ** 53 / 2000)],
    ["sliding-window", 1000],
  ]);
});
