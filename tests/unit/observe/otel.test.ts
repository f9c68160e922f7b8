import { readFileSync } from "node:fs";
import { join } from "node:path";
import { metrics, trace } from "@opentelemetry/api";
import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHeadgate, fromEnv, type HeadgateEvent } from "headgate";
import { otelEvents } from "headgate/otel";
import { createDedup } from "headgate/dedup";
import { createLocks } from "headgate/locks";
import type { Decision } from "#lib/core/decision";
import type { DecisionEvent, StoreEvent } from "#lib/core/events";
import { StoreError } from "#lib/redis/errors";
import { ROOT } from "../../support/app.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

/** A reader that collects metrics on request and does not send them. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A listener with the real SDK in memory. */
function telemetry() {
  const exporter = new InMemorySpanExporter();
  const reader = new Reader();
  const listener = otelEvents({
    trace: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    metrics: new MeterProvider({ readers: [reader] }),
  });
  async function metrics() {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  }
  return {
    listener,
    hear: (...events: HeadgateEvent[]) => {
      for (const event of events) listener(event);
    },
    spans: () => exporter.getFinishedSpans(),
    metrics,
    /** Returns the points of each instrument that has any, by its name. */
    points: async () => {
      const all = (await metrics()).map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => ({ ...attributes, value: asValue(value) })),
      ]);
      return Object.fromEntries(all) as Readonly<Record<string, readonly object[]>>;
    },
  };
}

/** Returns a counter's sum, or a histogram's number of values with their sum in seconds. */
function asValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("count" in value)) return value;
  const { count, sum } = value as { count: number; sum: number };
  return [count, sum];
}

const limitOf = (rule: string, waitMs: number | undefined) => ({
  rule,
  policyName: `${rule}-ip`,
  global: false,
  limit: 10,
  windowMs: 60_000,
  remaining: 0,
  waitMs,
  resetMs: 0,
});

const DECIDED: Decision = {
  allowed: true,
  reason: "within-limit",
  limits: [limitOf("api", 0), limitOf("search", 0)],
  shadows: [],
  retryAfterMs: undefined,
  at: undefined,
  counted: "in-store",
};

function decided(decision: Partial<Decision>, more: Partial<DecisionEvent> = {}): DecisionEvent {
  return {
    kind: "decision",
    rules: ["api", "search"],
    decision: { ...DECIDED, ...decision },
    method: "GET",
    patterns: { api: "/api/:path*", search: "/api/search" },
    onStoreFailure: "allow",
    addressKnown: true,
    mode: "enforce",
    requestId: undefined,
    decidedAt: 1_790_000_000_000,
    tookMs: 4,
    ...more,
  };
}

const called: StoreEvent = { kind: "store", command: "EVALSHA", commands: 1, tookMs: 3 };
const TIMEOUT = new StoreError("STORE_TIMEOUT", "EVALSHA: no answer");
const NOT_TRIED = new StoreError("STORE_NOT_TRIED", "EVALSHA: not sent");

/** Returns the start and end of a span, in milliseconds since 1970. */
const timesOf = ({ startTime, endTime }: ReadableSpan) =>
  [startTime, endTime].map(([seconds, nanos]) => seconds * 1000 + nanos / 1e6);

describe("decisions", () => {
  test("a decision is counted once for each rule that made it", async () => {
    const { hear, points } = telemetry();
    const shadow = (allowed: boolean) => ({ rule: "new", allowed, limits: [] });
    hear(
      decided({}),
      decided({
        allowed: false,
        reason: "over-limit",
        limits: [limitOf("api", 0), limitOf("search", 9)],
      }),
      decided({ reason: "store-failed", limits: [], error: TIMEOUT }),
      decided({ counted: "in-process", limits: [limitOf("api", 0)] }, { rules: ["api"] }),
      decided(
        { allowed: false, reason: "over-limit", limits: [limitOf("api", 9)] },
        { rules: ["api"], mode: "shadow" },
      ),
      decided({ shadows: [shadow(false)] }, { rules: ["api", "new"] }),
      decided({ shadows: [shadow(true)] }, { rules: ["api", "new"] }),
      decided({ allowed: false, reason: "body-too-large", limits: [] }, { rules: ["api"] }),
      decided({ allowed: false, reason: "body-too-large", limits: [] }, { rules: [] }),
      decided({ allowed: false, reason: "blocked", limits: [] }),
      decided({ allowed: false, reason: "blocked", limits: [] }, { rules: [] }),
      decided({ allowed: false, reason: "blocked", limits: [] }, { rules: [], mode: "shadow" }),
      decided({ reason: "allow-listed", limits: [], counted: "nowhere" }, { rules: ["api"] }),
      decided({ reason: "unlimited", limits: [], counted: "nowhere" }, { rules: ["api"] }),
    );
    const row = (
      rule: string,
      outcome: string,
      reason: string,
      value: number,
      mode = "enforce",
    ) => ({
      "headgate.rule": rule,
      "headgate.outcome": outcome,
      "headgate.reason": reason,
      "headgate.mode": mode,
      value,
    });
    expect((await points())["headgate.decisions"]).toEqual([
      row("api", "allowed", "within-limit", 3),
      row("search", "allowed", "within-limit", 1),
      row("search", "denied", "over-limit", 1),
      row("api", "degraded", "store-failed", 1),
      row("search", "degraded", "store-failed", 1),
      row("api", "degraded", "within-limit", 1),
      row("api", "shadow_denied", "over-limit", 1, "shadow"),
      row("new", "shadow_denied", "over-limit", 1),
      row("new", "allowed", "within-limit", 1),
      row("api", "denied", "body-too-large", 1),
      row("(none)", "denied", "body-too-large", 1),
      row("api", "blocked", "blocked", 1),
      row("search", "blocked", "blocked", 1),
      row("(none)", "blocked", "blocked", 1),
      row("(none)", "shadow_denied", "blocked", 1, "shadow"),
      row("api", "uncounted", "allow-listed", 1),
      row("api", "uncounted", "unlimited", 1),
    ]);
  });

  test("a decision makes one span with its duration and why it was denied", async () => {
    const { hear, spans, points } = telemetry();
    hear(
      decided(
        { allowed: false, reason: "over-limit", limits: [limitOf("api", 0), limitOf("search", 9)] },
        { method: "BREW" },
      ),
    );
    const [span] = spans();
    expect(spans()).toHaveLength(1);
    expect(span).toMatchObject({
      name: "headgate.decision",
      kind: 0,
      status: { code: 0 },
      attributes: {
        "headgate.rules": ["api", "search"],
        "headgate.outcome": "denied",
        "headgate.reason": "over-limit",
        "headgate.mode": "enforce",
        "headgate.denied_by": ["search-ip"],
        "http.request.method": "_OTHER",
      },
    });
    expect(timesOf(span as ReadableSpan)).toEqual([1_789_999_999_996, 1_790_000_000_000]);
    expect((await points())["headgate.decision.duration"]).toEqual([
      { "headgate.outcome": "denied", "headgate.mode": "enforce", value: [1, 0.004] },
    ]);
  });

  test("a decision after a store failure makes a span with an error", () => {
    const { hear, spans } = telemetry();
    hear(decided({ reason: "store-failed", limits: [], error: TIMEOUT }, { method: undefined }));
    expect(spans()[0]).toMatchObject({
      status: { code: 2 },
      attributes: { "headgate.outcome": "degraded", "error.type": "STORE_TIMEOUT" },
    });
    expect(spans()[0]?.attributes).not.toHaveProperty("http.request.method");
  });
});

describe("calls to the store", () => {
  test("a store call makes a span by the conventions for Redis, which ends when the call ended", () => {
    const { hear, spans } = telemetry();
    const before = Date.now();
    hear(called, { ...called, command: "pipeline", commands: 3, error: TIMEOUT });
    const [one, several] = spans();
    expect(one).toMatchObject({ name: "EVALSHA", kind: 2, status: { code: 0 } });
    expect(one?.attributes).toEqual({ "db.system.name": "redis", "db.operation.name": "EVALSHA" });
    expect(several).toMatchObject({ name: "PIPELINE", kind: 2, status: { code: 2 } });
    expect(several?.attributes).toEqual({
      "db.system.name": "redis",
      "db.operation.name": "PIPELINE",
      "db.operation.batch.size": 3,
      "error.type": "STORE_TIMEOUT",
    });
    const [start = 0, end = 0] = timesOf(one as ReadableSpan);
    expect(end).toBeGreaterThanOrEqual(before);
    expect(end).toBeLessThanOrEqual(Date.now());
    expect(end - start).toBeCloseTo(3, 5);
  });

  test("a store call that the breaker did not send is counted, and has no span and no duration", async () => {
    const { hear, spans, points } = telemetry();
    hear(called, { ...called, tookMs: 0, error: NOT_TRIED });
    const about = { "db.system.name": "redis", "db.operation.name": "EVALSHA" };
    expect(await points()).toEqual({
      "headgate.store.calls": [
        { ...about, value: 1 },
        { ...about, "error.type": "STORE_NOT_TRIED", value: 1 },
      ],
      "headgate.store.duration": [{ ...about, value: [1, 0.003] }],
    });
    expect(spans()).toHaveLength(1);
  });

  test("data of an app in a call makes no further series", async () => {
    const { hear, spans, points } = telemetry();
    hear({ ...called, command: "subscribe/user-ada" });
    for (let i = 0; i < 500; i += 1) {
      const error = Object.assign(new Error(), { name: `Of ada ${i}` });
      hear({ ...called, error });
    }
    expect(spans()[0]?.name).toBe("_OTHER");
    const calls = (await points())["headgate.store.calls"];
    expect(calls).toHaveLength(102);
    expect(calls?.at(-1)).toMatchObject({ "error.type": "_OTHER", value: 400 });
  });
});

test("all other events are counted by their states", async () => {
  const { hear, spans, points } = telemetry();
  hear(
    { kind: "near-limit", rule: "api", policyName: "api-ip", limit: 10, remaining: 2 },
    { kind: "breaker", state: "open", error: TIMEOUT },
    { kind: "breaker", state: "closed", error: TIMEOUT },
    { kind: "breaker", state: "open", error: TIMEOUT },
    { kind: "lock", state: "acquired", waitedMs: 3 },
    { kind: "lock", state: "acquired", waitedMs: 3 },
    { kind: "lock", state: "contended", waitedMs: 3 },
    { kind: "dedup", state: "first", isCertain: true },
    { kind: "idempotency", state: "conflict", reason: "in-progress" },
    { kind: "failure", during: "app", name: "of ada", error: new Error("of ada") },
    { kind: "address", code: "IDENTITY_UNRESOLVED", level: "info", message: "of ada" },
  );
  expect(await points()).toEqual({
    "headgate.near_limit": [{ "headgate.rule": "api", value: 1 }],
    "headgate.breaker.state": [{ value: 1 }],
    "headgate.locks": [
      { "headgate.state": "acquired", value: 2 },
      { "headgate.state": "contended", value: 1 },
    ],
    "headgate.dedup": [{ "headgate.state": "first", value: 1 }],
    "headgate.idempotency": [{ "headgate.state": "conflict", value: 1 }],
    "headgate.failures": [{ "headgate.during": "app", value: 1 }],
  });
  expect(spans()).toEqual([]);
});

describe("otelEvents", () => {
  const all: readonly HeadgateEvent[] = [decided({}), called, { kind: "lock", state: "lost" }];

  test("otelEvents accepts the real API without an SDK, which drops all data", () => {
    const listener = otelEvents({ trace, metrics });
    expect(all.map((event) => listener(event))).toEqual([undefined, undefined, undefined]);
  });

  test("otelEvents does nothing when the app passes no API", () => {
    const listener = otelEvents({ trace: undefined, metrics: undefined });
    expect(all.map((event) => listener(event))).toEqual([undefined, undefined, undefined]);
  });

  test("otelEvents never throws errors of the API, and makes instruments only with the first event", () => {
    let asked = 0;
    const fails = () => {
      asked += 1;
      throw new Error("the app's own");
    };
    const listener = otelEvents({ trace: { getTracer: fails } });
    expect(asked).toBe(0);
    expect(all.map((event) => listener(event))).toEqual([undefined, undefined, undefined]);
    const span = { setStatus: fails, end: fails };
    const failing = otelEvents({ trace: { getTracer: () => ({ startSpan: () => span }) } });
    expect(all.map((event) => failing(event))).toEqual([undefined, undefined, undefined]);
  });

  test("docs/operate/opentelemetry-data.md has each instrument, with its kind and unit, and no other", () => {
    const made: string[][] = [];
    const maker = (kind: string) => (name: string, about: { readonly unit: string }) => {
      made.push([name, kind, about.unit]);
      return { add: () => {}, record: () => {} };
    };
    const meter = {
      createCounter: maker("counter"),
      createUpDownCounter: maker("up-down counter"),
      createHistogram: maker("histogram"),
    };
    otelEvents({ metrics: { getMeter: () => meter } })(called);
    const page = readFileSync(join(ROOT, "docs/operate/opentelemetry-data.md"), "utf8");
    const rows = [...page.matchAll(/^\| `(headgate\.[\w.]+)` \| ([\w -]+) \| `([^`]+)` \|/gm)];
    expect(rows.map(([, ...cells]) => cells)).toEqual(made);
  });

  test("every duration is in seconds, with the buckets of the Prometheus histogram", async () => {
    const { hear, metrics: read } = telemetry();
    hear(...all);
    const durations = (await read()).flatMap(({ descriptor, dataPointType, dataPoints }) =>
      dataPointType === DataPointType.HISTOGRAM
        ? [[descriptor.name, descriptor.unit, dataPoints[0]?.value.buckets.boundaries]]
        : [],
    );
    const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
    expect(durations).toEqual([
      ["headgate.decision.duration", "s", buckets],
      ["headgate.store.duration", "s", buckets],
    ]);
  });
});

describe("a gate over Redis", () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await startStore();
  });
  afterAll(() => store?.stop());

  test("otelEvents reports no address, no client key and no key of a lock or a claim", async () => {
    const { listener, spans, points } = telemetry();
    const gate = createHeadgate(
      { rules: { api: { match: "/api/:path*", limits: { ip: "1 per hour" } } } },
      () => ({
        ...fromEnv({
          UPSTASH_REDIS_REST_URL: store.url,
          UPSTASH_REDIS_REST_TOKEN: store.token,
          HEADGATE_NAMESPACE: "otel",
          HEADGATE_STORE_DEADLINE_MS: "10000",
          CLIENT_IP_FROM: "hops:1",
        }),
        onEvent: [listener],
      }),
    );
    const after: Promise<unknown>[] = [];
    const startedAt = Date.now();
    for (const path of ["/api/ada", "/api/ada"]) {
      const headers = { "x-forwarded-for": "203.0.113.9" };
      const request = new Request(`http://app.example${path}`, { headers });
      await gate.middleware(request, { waitUntil: (work) => after.push(work) });
    }
    await Promise.all(after);
    await createLocks(gate).acquireLock("of-ada", 10);
    await createDedup(gate).shouldTrackEvent("of-ada", 10);

    const told = JSON.stringify([
      spans().map(({ name, attributes, events, status }) => [name, attributes, events, status]),
      await points(),
    ]);
    expect(told).not.toMatch(/203\.0\.113|ada|app\.example|rate_limit|otel:/);
    expect(spans().map(({ name }) => name)).toEqual(
      expect.arrayContaining(["headgate.decision", "EVALSHA"]),
    );
    for (const [start = 0, end = 0] of spans().map(timesOf)) {
      expect(start).toBeGreaterThanOrEqual(startedAt - 1);
      expect(end).toBeGreaterThan(start);
      expect(end).toBeLessThanOrEqual(Date.now());
    }
    const direct = cleanUp(new Direct(store.redis.url), (it) => it.disconnect());
    const hashes = (await direct.keys("*")).flatMap((key) => key.match(/[\w-]{22}/) ?? []);
    expect(hashes.length).toBeGreaterThanOrEqual(3);
    for (const hash of hashes) expect(told).not.toContain(hash);
  });
});
