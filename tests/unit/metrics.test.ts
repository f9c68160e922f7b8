import { expect, test } from "vitest";
import { metricsResponse, renderMetrics } from "#lib/metrics";
import { keyNames } from "#lib/redis/keys";
import type { Requester } from "#lib/redis/upstash-protocol";

const INFO = [
  "# Clients",
  "connected_clients:7",
  "# Memory",
  "used_memory:123456",
  "used_memory_human:120K",
  "maxmemory:0",
  "# Stats",
  "evicted_keys:3",
  "",
].join("\r\n");

const TOTALS = {
  "decisions_total search allowed": "8",
  "decisions_total search denied": "2",
  "rule_decision_seconds_total search": "1500000",
  "decision_duration_seconds le 0.001": "4",
  "decision_duration_seconds le 0.05": "5",
  "decision_duration_seconds le +Inf": "1",
  "decision_duration_seconds sum": "2500000",
  "locks_total lost": "1",
  "a_metric_of_a_later_version x": "1",
};

/** Returns a gate whose store answers these commands and fails for every other one. */
function gateWith(answers: Readonly<Record<string, unknown>>) {
  const asked: unknown[] = [];
  const requester: Requester = {
    async request({ body }) {
      asked.push(body);
      const [name = ""] = body as readonly string[];
      if (!(name in answers)) throw new Error(`${name} fails`);
      return { result: answers[name] } as never;
    },
  };
  const keyedHash = (...parts: readonly string[]) => parts.join("/");
  return { gate: { requester, keys: keyNames("test"), keyedHash }, asked };
}

const ANSWERS = { PING: "PONG", HGETALL: Object.entries(TOTALS).flat(), INFO };

test("metrics have the counters of Redis, cumulative buckets, and gauges from INFO", async () => {
  const { gate, asked } = gateWith(ANSWERS);
  const text = await renderMetrics(gate);
  expect(asked).toContainEqual(["HGETALL", "test:{counters}:totals"]);
  for (const line of [
    'headgate_decisions_total{rule="search",outcome="allowed"} 8',
    'headgate_decisions_total{rule="search",outcome="denied"} 2',
    'headgate_rule_decision_seconds_total{rule="search"} 1.5',
    'headgate_decision_duration_seconds_bucket{le="0.001"} 4',
    'headgate_decision_duration_seconds_bucket{le="0.025"} 4',
    'headgate_decision_duration_seconds_bucket{le="0.05"} 9',
    'headgate_decision_duration_seconds_bucket{le="1"} 9',
    'headgate_decision_duration_seconds_bucket{le="+Inf"} 10',
    "headgate_decision_duration_seconds_sum 2.5",
    "headgate_decision_duration_seconds_count 10",
    'headgate_locks_total{state="lost"} 1',
    'headgate_locks_total{state="acquired"} 0',
    "headgate_redis_up 1",
    "headgate_redis_memory_used_bytes 123456",
    "headgate_redis_memory_max_bytes 0",
    "headgate_redis_evicted_keys_total 3",
    "headgate_redis_connected_clients 7",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect(text).not.toContain("later_version");
});

test("metrics have no gauges from INFO when the store does not know INFO", async () => {
  const text = await renderMetrics(gateWith({ PING: "PONG", HGETALL: [] }).gate);
  expect(text).toMatch(/^headgate_redis_up 1$/m);
  expect(text).not.toMatch(/^headgate_redis_memory_used_bytes /m);
});

test("metrics have no counter while Redis does not answer, since 0 would be a reset", async () => {
  const text = await renderMetrics(gateWith({}).gate);
  const values = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(values).toEqual(["headgate_redis_up 0"]);
});

test.each([
  ["when the app has no token", undefined, "Bearer secret", 404],
  ["when the app's token is empty", "", "Bearer ", 404],
  ["for a request without a token", "secret", undefined, 401],
  ["for another token", "secret", "Bearer other", 401],
  ["for the token by another scheme", "secret", "Basic secret", 401],
  ["for the token", "secret", "Bearer secret", 200],
])("metricsResponse has the right status %s", async (_, token, authorization, status) => {
  const { gate, asked } = gateWith(ANSWERS);
  const headers = authorization === undefined ? undefined : { authorization };
  const request = new Request("http://app.example/api/metrics", headers && { headers });
  const answer = await metricsResponse(request, gate, token);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  // A request without the token makes no call to Redis.
  expect(asked.length > 0).toBe(status === 200);
});
