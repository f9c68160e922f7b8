import { describe, expect, test } from "vitest";
import { serveStore } from "#lib/gateway/server";
import { openEmbeddedStore } from "#lib/embedded/store";
import { renderMetrics } from "#lib/metrics";
import { billedCommands } from "#lib/observe/counts-script";
import { startBillMeter, sumOf } from "../support/billed.ts";
import { countingGate, keptCounts, ownNamespace } from "../support/counters.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();

const DAY_S = 86_400;

/** Returns the whole content of a key. */
async function textOf(key: string): Promise<string> {
  const type = await live.direct.type(key);
  if (type === "hash") return JSON.stringify(await live.direct.hgetall(key));
  if (type === "zset") return JSON.stringify(await live.direct.zrange(key, "0", "-1"));
  return String(await live.direct.get(key));
}

/** Converts a field of the totals of the store's calls to its name among those of a minute. */
function inMinutes(field: string): string {
  return `(store) ${field.replace(/^store_call\w+ /, "")}`;
}

const decisions = (rule: string, outcome: string) => `decisions_total ${rule} ${outcome}`;

describe("counters in Redis", () => {
  test("the counters of two instances add up to exactly the sent requests", async () => {
    const namespace = ownNamespace();
    const instances = [1, 2].map(() => countingGate(live.store, namespace));
    await Promise.all(
      instances.flatMap((instance) =>
        Array.from({ length: 25 }, (_, i) => instance.send(`/api/${i}`, `203.0.113.${i % 5}`)),
      ),
    );
    const { totals } = await keptCounts(live.direct, namespace);
    // Five clients send two requests each.
    expect(totals[decisions("api", "allowed")]).toBe("10");
    expect(totals[decisions("api", "denied")]).toBe("40");
    const buckets = Object.entries(totals).filter(([field]) =>
      field.startsWith("decision_duration_seconds le"),
    );
    expect(buckets.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(50);
    expect(Number(totals["decision_duration_seconds sum"])).toBeGreaterThan(0);
    expect(totals["rule_decision_seconds_total api"]).toBe(totals["decision_duration_seconds sum"]);
  });

  test("the minutes of an hour add up to the totals, by rule and outcome", async () => {
    const namespace = ownNamespace();
    await countingGate(live.store, namespace).sendAll(3, "/api/trial");
    const { totals, of } = await keptCounts(live.direct, namespace);
    const sums = new Map<string, number>();
    for (const key of of("minutes")) {
      for (const [field, count] of Object.entries(await live.direct.hgetall(key))) {
        const series = field.replace(/^([1-5]?\d) /, "");
        sums.set(series, (sums.get(series) ?? 0) + Number(count));
      }
    }
    const ofStore = [...sums].filter(([series]) => series.startsWith("(store) "));
    const storeTotals = Object.entries(totals).filter(([field]) => field.startsWith("store_call"));
    expect(Object.fromEntries(ofStore)).toEqual(
      Object.fromEntries(storeTotals.map(([field, n]) => [inMinutes(field), Number(n)])),
    );
    const others = [...sums].filter(([series]) => !/^(le |\()/.test(series));
    expect(Object.fromEntries(others)).toEqual({
      "api allowed": 2,
      "api denied": 1,
      "trial allowed": 1,
      "trial shadow_denied": 2,
      sum: Number(totals["decision_duration_seconds sum"]),
    });
    const timed = [...sums].filter(([series]) => series.startsWith("le "));
    expect(timed.reduce((sum, [, count]) => sum + count, 0)).toBe(3);
    expect(totals[decisions("trial", "shadow_denied")]).toBe("2");
  });

  test("every counter key is in the namespace, has its TTL, and has one hash tag for a cluster", async () => {
    const namespace = ownNamespace();
    const counting = countingGate(live.store, namespace, { counters: { upstashConsole: true } });
    await counting.sendAll(3, "/api/x", "203.0.113.77");
    const ttls: Record<string, number> = {};
    for (const key of await live.direct.keys(`${namespace}:{counters}:*`)) {
      const kind = key.slice(`${namespace}:{counters}:`.length).split(":")[0] ?? "";
      ttls[kind] = await live.direct.ttl(key);
      expect(await textOf(key)).not.toContain("203.0.113");
    }
    // The TTL is checked within 15 s.
    const near = (seconds: number) => expect.closeTo(seconds, -1.5);
    expect(ttls).toEqual({
      totals: near(7 * DAY_S),
      minutes: near(2 * DAY_S),
      denied: near(2 * DAY_S),
      events: near(2 * DAY_S),
      writer: near(3600),
    });
    const others = await live.direct.keys(`${namespace}:*`);
    expect(others.filter((key) => !key.includes("{counters}")).length).toBe(
      others.filter((key) => key.includes(":rate_limit:{")).length,
    );
  });

  test("denied clients of the hour are listed by their client keys, with the rule", async () => {
    const namespace = ownNamespace();
    const { gate, sendAll } = countingGate(live.store, namespace);
    await Promise.all([sendAll(7, "/api/x", "203.0.113.1"), sendAll(4, "/api/x", "203.0.113.2")]);
    await sendAll(2, "/all");
    const [key = ""] = (await keptCounts(live.direct, namespace)).of("denied");
    const [first, times, second, ...rest] = await live.direct.zrevrange(key, 0, 49, "WITHSCORES");
    expect([times, ...rest]).toEqual(["5", "2"]);
    const limits = await live.direct.keys(gate.keys.rateLimit("*", "*"));
    for (const reported of [first, second]) {
      const [rule, client = "-"] = reported?.split(" ") ?? [];
      expect(rule).toBe("api");
      expect(limits.some((name) => name.includes(`{${client}}:api:`))).toBe(true);
    }
  });

  test("a listener gets no event of the counters' writes, so they are not counted", async () => {
    const namespace = ownNamespace();
    const { send } = countingGate(live.store, namespace);
    for (let i = 0; i < 3; i += 1) await send("/api/x", `203.0.113.${i}`);
    const { totals } = await keptCounts(live.direct, namespace);
    const calls = Object.entries(totals).filter(([field]) => field.startsWith("store_calls_total"));
    // The first check is sent again with the script's text, because Redis has not cached the script.
    expect(calls).toEqual([["store_calls_total ok", expect.stringMatching(/^[34]$/)]]);
  });

  test("a decision keeps the window alive that a store call opened", async () => {
    const held: Promise<unknown>[] = [];
    const counters = { waitUntil: (work: Promise<void>) => held.push(work) };
    const namespace = ownNamespace();
    const { gate, send } = countingGate(live.store, namespace, { counters });
    await send("/api/x");
    // One event is of the call, and one of the decision, which takes over the window.
    expect(held).toHaveLength(2);
    expect((await keptCounts(live.direct, namespace)).totals[decisions("api", "allowed")]).toBe(
      "1",
    );
    gate.emit({ kind: "lock", state: "acquired" });
    expect(held).toHaveLength(3);
    await held[2];
    expect((await keptCounts(live.direct, namespace)).totals["locks_total acquired"]).toBe("1");
  });
});

test("a write costs the billed commands from which the window is derived", async () => {
  const meter = cleanUp(await startBillMeter(live.store.redis.url), (it) => it.stop());
  for (const upstashConsole of [false, true]) {
    const { send } = countingGate(live.store, ownNamespace(), {
      counters: { upstashConsole },
    });
    await send("/api/x", "203.0.113.8");
    await send("/api/x", "203.0.113.8");
    // The store denies this request, and the denial cache the next one: one write without another
    // command.
    await send("/api/x", "203.0.113.8");
    const billed = await meter.of(() => send("/api/x", "203.0.113.8"));
    // The console's sorted set is written too, beside that of denied clients.
    expect(sumOf(billed)).toBe(billedCommands(upstashConsole));
  }
});

test("counters work on the embedded store", async () => {
  const token = "a-token-of-the-tests";
  const store = await openEmbeddedStore();
  const gateway = cleanUp(await serveStore(store, { token }), (it) => it.close());
  const { gate, sendAll } = countingGate({ url: gateway.url, token }, ownNamespace());
  await sendAll(5, "/api/x");
  const text = await renderMetrics(gate);
  expect(text).toContain('headgate_decisions_total{rule="api",outcome="allowed"} 2\n');
  expect(text).toContain('headgate_decisions_total{rule="api",outcome="denied"} 3\n');
});
