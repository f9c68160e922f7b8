import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHeadgate } from "#lib/create";
import type { HeadgateEvent } from "#lib/core/events";
import { fromEnv } from "#lib/env";
import { definePolicy } from "#lib/policy/define";
import { startStore, type TestStore } from "../../support/gateway.ts";

let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

let serial = 0;

/** Makes a gate. `ask` sends it a request and returns the events. */
function gate(rules: Readonly<Record<string, object>>) {
  serial += 1;
  const events: HeadgateEvent[] = [];
  const { middleware } = createHeadgate({ rules }, () => ({
    ...fromEnv({
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      HEADGATE_NAMESPACE: `events-${serial}`,
      HEADGATE_STORE_DEADLINE_MS: "10000",
      CLIENT_IP_FROM: "hops:1",
    }),
    onEvent: (event) => void events.push(event),
  }));
  const ask = async (path: string, method = "GET") => {
    const headers = { "x-forwarded-for": "203.0.113.9" };
    const after: Promise<unknown>[] = [];
    const request = new Request(`http://app.example${path}`, { headers, method });
    await middleware(request, { waitUntil: (work) => after.push(work) });
    await Promise.all(after);
    return events.splice(0);
  };
  return { ask };
}

const kinds = (events: readonly HeadgateEvent[]) => events.map(({ kind }) => kind);

describe("the events of a request", () => {
  test("a decision returns client keys on request, and its JSON contains none", async () => {
    const { ask } = gate({
      api: { match: "/api/:path*", limits: { ip: "9 per hour", global: "99 per hour" } },
    });
    const first = (await ask("/api/x")).find((event) => event.kind === "decision");
    const clients = first?.clients?.() ?? {};
    expect(Object.keys(clients)).toEqual(
      first?.decision.limits.map(({ policyName }) => policyName),
    );
    expect(Object.keys(clients)).toHaveLength(2);
    for (const key of Object.values(clients)) {
      expect(key).toMatch(/^[\w-]{22}$/);
      expect(JSON.stringify(first)).not.toContain(key);
    }
  });

  test("a decision has the method, and the pattern by which each rule matched", async () => {
    const { ask } = gate({
      api: { match: ["/api/:path*", "/v1/:path*"], limits: { ip: "9 per hour" } },
      search: { match: "/v1/search", methods: ["POST"], limits: { ip: "9 per hour" } },
    });
    const decisionOf = async (path: string, method?: string) =>
      (await ask(path, method)).find(({ kind }) => kind === "decision");
    expect(await decisionOf("/v1/search", "POST")).toMatchObject({
      method: "POST",
      patterns: { api: "/v1/:path*", search: "/v1/search" },
    });
    expect(await decisionOf("/api/search")).toMatchObject({
      method: "GET",
      patterns: { api: "/api/:path*" },
    });
  });

  test("a client that comes near a limit makes one near-limit event", async () => {
    const { ask } = gate({ api: { match: "/api", limits: { ip: "10 per hour" } } });
    const near = [];
    for (let i = 0; i < 11; i += 1) {
      near.push((await ask("/api")).filter(({ kind }) => kind === "near-limit"));
    }
    expect(near.map(({ length }) => length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(near.flat()).toEqual([
      { kind: "near-limit", rule: "api", policyName: expect.any(String), limit: 10, remaining: 2 },
    ]);
  });

  test("a call to the store makes a store event, and a denial from the cache makes none", async () => {
    const { ask } = gate({ api: { match: "/api", limits: { ip: "1 per hour" } } });
    await ask("/api");
    const denied = await ask("/api");
    expect(kinds(denied)).toEqual(["store", "decision"]);
    expect(denied[0]).toEqual({
      kind: "store",
      command: "EVALSHA",
      commands: 1,
      tookMs: expect.any(Number),
    });
    expect(kinds(await ask("/api"))).toEqual(["decision"]);
  });
});

test("a call to an unavailable store makes an event with its error", async () => {
  const events: HeadgateEvent[] = [];
  const { limits } = createHeadgate({ rules: { api: { limits: { ip: "1 per hour" } } } }, () => ({
    ...fromEnv({
      UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1",
      UPSTASH_REDIS_REST_TOKEN: "a-token-of-the-tests",
      HEADGATE_NAMESPACE: "events",
      CLIENT_IP_FROM: "hops:1",
    }),
    onEvent: (event) => void events.push(event),
  }));
  for (let i = 0; i < 6; i += 1) await limits.limit("api", { ip: "203.0.113.9" });
  const calls = events.filter((event) => event.kind === "store");
  expect(calls.map(({ error }) => error && "code" in error && error.code)).toEqual([
    ...Array.from({ length: 5 }, () => "STORE_UNREACHABLE"),
    "STORE_NOT_TRIED",
  ]);
  expect(calls.at(-1)?.tookMs).toBe(0);
});

test("a near-limit event for local counting uses the cost of the rule that counted it", async () => {
  const events: HeadgateEvent[] = [];
  const policy = definePolicy({
    rules: {
      large: { match: "/:path*", limits: { ip: "20 per hour" }, cost: 5 },
      api: { match: "/api", limits: { ip: "10 per hour" }, onStoreFailure: "local" },
    },
  });
  const { middleware } = createHeadgate(policy, () => ({
    ...fromEnv({
      UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
      UPSTASH_REDIS_REST_TOKEN: "token",
      CLIENT_IP_FROM: "hops:1",
    }),
    onEvent: (event) => void events.push(event),
  }));
  for (let i = 0; i < 10; i += 1) {
    const headers = { "x-forwarded-for": "203.0.113.9" };
    const after: Promise<unknown>[] = [];
    await middleware(new Request("http://app.example/api", { headers }), {
      waitUntil: (work) => after.push(work),
    });
    await Promise.all(after);
  }
  const near = events.filter(({ kind }) => kind === "near-limit");
  expect(near).toMatchObject([{ rule: "api", limit: 10, remaining: 2 }]);
});
