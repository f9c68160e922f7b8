import { describe, expect, test } from "vitest";
import { createHeadgate, type HeadgateEvent, definePolicy, fromEnv } from "headgate";
import { memoryLimits } from "headgate/memory";

const policy = definePolicy({
  rules: {
    api: { match: "/api/:path*", limits: { ip: "3 per minute" }, headers: "always" },
    closed: { match: "/closed", limits: { ip: "1 per hour" }, onStoreFailure: "deny" },
    quick: { match: "/quick", limits: { ip: "200 per hour" }, admit: "optimistic" },
  },
});

/** No server listens at that port. */
const VARIABLES = {
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
  UPSTASH_REDIS_REST_TOKEN: "token",
  CLIENT_IP_FROM: "hops:1",
  HEADGATE_NAMESPACE: "memory",
};

function gateInMemory() {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const events: HeadgateEvent[] = [];
  const gate = createHeadgate(policy, {
    ...fromEnv(VARIABLES),
    limitStore: memoryLimits({ clock: () => clock.now }),
    onEvent: (event) => events.push(event),
  });
  const ask = async (path: string, address = "203.0.113.9") => {
    const headers = { "x-forwarded-for": address };
    const later: Promise<unknown>[] = [];
    const response = await gate.middleware(new Request(`http://app.example${path}`, { headers }), {
      waitUntil: (work) => later.push(work),
    });
    await Promise.all(later);
    return response;
  };
  const statuses = async (times: number, path: string) => {
    const answers: number[] = [];
    for (let i = 0; i < times; i += 1) answers.push((await ask(path)).status);
    return answers;
  };
  return { gate, clock, events, ask, statuses };
}

describe("a gate with memoryLimits", () => {
  test("a gate with memoryLimits denies over the limit while the store is unreachable, without an event of a failed store", async () => {
    const { ask, statuses, events } = gateInMemory();
    expect(await statuses(3, "/api/a")).toEqual([200, 200, 200]);
    const denied = await ask("/api/a");
    expect(denied.status).toBe(429);
    expect(denied.headers.get("retry-after")).toBe("60");
    expect((await ask("/api/a", "203.0.113.10")).status).toBe(200);
    expect(await statuses(2, "/closed")).toEqual([200, 429]);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["decision", "near-limit"]));
    const decisions = events.flatMap((event) =>
      event.kind === "decision" ? [event.decision] : [],
    );
    expect(decisions.map(({ reason, counted }) => [reason, counted])).toEqual([
      ...Array.from({ length: 3 }, () => ["within-limit", "in-store"]),
      ["over-limit", "in-store"],
      ["within-limit", "in-store"],
      ["within-limit", "in-store"],
      ["over-limit", "in-store"],
    ]);
  });

  test("a gate with memoryLimits counts by the given clock", async () => {
    const { gate, clock } = gateInMemory();
    const client = { ip: "203.0.113.9" };
    for (let i = 0; i < 3; i += 1) await gate.limits.limit("api", client);
    expect((await gate.limits.peek("api", client)).limits[0]).toMatchObject({
      remaining: 0,
      waitMs: 60_000,
    });
    clock.now += 59_999;
    expect((await gate.limits.peek("api", client)).limits[0]).toMatchObject({
      remaining: 0,
      waitMs: 1,
    });
    clock.now += 1;
    expect((await gate.limits.peek("api", client)).limits[0]).toMatchObject({
      remaining: 3,
      waitMs: 0,
    });
  });

  test("a gate with memoryLimits allows a denied client when the given clock reaches its reset", async () => {
    const { clock, statuses } = gateInMemory();
    expect(await statuses(5, "/api/a")).toEqual([200, 200, 200, 429, 429]);
    clock.now += 60_000;
    expect(await statuses(1, "/api/a")).toEqual([200]);
  });

  test("a gate with memoryLimits supports checkRateLimit, refunds, and optimistic rules", async () => {
    const { gate, statuses } = gateInMemory();
    expect(await gate.limits.checkRateLimit("key", 1, 60_000)).toMatchObject({ success: true });
    expect(await gate.limits.checkRateLimit("key", 1, 60_000)).toMatchObject({ success: false });
    const decision = await gate.limits.limit("api", { ip: "203.0.113.9" });
    expect(await gate.limits.refund(decision)).toBe(1);
    await statuses(5, "/quick");
    const { limits } = await gate.limits.peek("quick", { ip: "203.0.113.9" });
    expect(limits[0]?.remaining).toBe(195);
  });
});
