import { describe, expect, test } from "vitest";
import { createHeadgate, type GateSettings } from "#lib/create";
import { fromEnv } from "#lib/env";
import { controlKeys, markOf } from "#lib/control/keys";
import { live as follow } from "#lib/control/live";
import { definePolicy } from "#lib/policy/define";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const POLICY = definePolicy({
  identities: { user: ({ headers }: Request) => headers.get("x-user") ?? undefined },
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "3 per day" }, headers: "always" },
  },
});

let namespaces = 0;

function gateOn(more: Partial<GateSettings> = {}) {
  namespaces += 1;
  const { missing: _, ...settings } = fromEnv({
    UPSTASH_REDIS_REST_URL: store.store.url,
    UPSTASH_REDIS_REST_TOKEN: store.store.token,
    HEADGATE_SECRET: "a secret of the tests, long enough",
    HEADGATE_NAMESPACE: `live${process.pid}-${namespaces}`,
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
  });
  return createHeadgate(POLICY, { ...settings, onEvent: [], live: follow, ...more });
}

type TestedGate = ReturnType<typeof gateOn>;

async function send(gate: TestedGate, ip: string, path = "/api/search") {
  const request = new Request(`https://example.com${path}`, { headers: { "x-forwarded-for": ip } });
  const work: Promise<unknown>[] = [];
  const response = await gate.middleware(request, { waitUntil: (each) => void work.push(each) });
  await Promise.all(work);
  return response;
}

async function write(gate: TestedGate, id: string, entry: object) {
  const keys = controlKeys(gate.keys);
  const until = Date.now() + 60_000;
  await store.direct.hset(keys.entries, id, JSON.stringify({ until, ...entry }));
  await store.direct.set(keys.version, String(Math.random()));
}

describe("live", () => {
  test("a block that stood before the first request holds from the second on, without a store call", async () => {
    const calls: string[] = [];
    const gate = gateOn({
      onEvent: (event) => {
        if (event.kind === "store") calls.push(event.command);
      },
    });
    await write(gate, "one", { kind: "block", network: "203.0.113.0/24" });
    expect((await send(gate, "203.0.113.7")).status).toBe(200);
    expect((await send(gate, "203.0.113.7")).status).toBe(403);
    expect((await send(gate, "203.0.113.7", "/elsewhere")).status).toBe(403);
    expect((await send(gate, "198.51.100.7")).status).toBe(200);
    expect(calls).toStrictEqual(["pipeline", "EVAL", "pipeline", "EVALSHA"]);
  });

  test("an override raises the limit of one client, and its response tells the new one", async () => {
    const gate = gateOn();
    const client = gate.keyedHash("ip", "203.0.113.7");
    const secret = markOf(gate.keyedHash);
    await write(gate, "one", {
      kind: "override",
      rule: "search",
      to: "2x",
      client,
      identity: "ip",
      secret,
    });
    await send(gate, "198.51.100.7");
    const statuses = [];
    for (let i = 0; i < 7; i += 1) statuses.push((await send(gate, "203.0.113.7")).status);
    expect(statuses).toStrictEqual([200, 200, 200, 200, 200, 200, 429]);
  });

  test("a mode of everything holds in the place of HEADGATE_MODE", async () => {
    const gate = gateOn();
    await write(gate, "one", { kind: "mode", mode: "off" });
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await send(gate, "203.0.113.7")).status);
    expect(statuses).toStrictEqual([200, 200, 200, 200, 200]);
  });
});
