import { readFileSync } from "node:fs";
import { join } from "node:path";
import { metrics, trace } from "@opentelemetry/api";
import { DataPointType } from "@opentelemetry/sdk-metrics";
import { describe, expect, test } from "vitest";
import type { HeadgateEvent } from "headgate";
import { otelEvents } from "headgate/otel";
import { ROOT } from "../../../support/app.ts";
import { called, decided, telemetry, TIMEOUT } from "../../../support/telemetry.ts";

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
    let calls = 0;
    const fails = () => {
      calls += 1;
      throw new Error("the app's own");
    };
    const listener = otelEvents({ trace: { getTracer: fails } });
    expect(calls).toBe(0);
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
