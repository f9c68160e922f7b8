import { afterAll, beforeAll, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT } from "../support/app.ts";
import { attributesOf, type OtlpReceiver, startOtlpReceiver } from "../support/otlp.ts";
import { ourServer } from "../support/our-server.ts";
import type { Instance } from "../support/target.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** The client of the test: no attribute may hold its address. */
const CLIENT = { "x-forwarded-for": "203.0.113.77" };

/** Spans and metrics are sent at once, without the usual delay of seconds. */
const AT_ONCE = {
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_BSP_SCHEDULE_DELAY: "100",
  OTEL_METRIC_EXPORT_INTERVAL: "300",
};

let store: TestStore;
let receiver: OtlpReceiver;
let app: Instance;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  store = await startStore();
  receiver = await startOtlpReceiver();
  app = await ourServer.start(store, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...AT_ONCE });
});
afterAll(async () => {
  await app?.stop();
  await receiver?.stop();
  await store?.stop();
});

/** Headgate's spans of one trace, with the runtime that sent each, in the order of their start. */
function spansOf(traceId: string) {
  const own = receiver.spans().filter((span) => span.traceId === traceId && span.isHeadgates);
  return own.toSorted((a, b) => Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano));
}

function sumOf(name: string, runtime: string, attributes: object): number | undefined {
  const wanted = Object.entries(attributes);
  const points = receiver
    .points()
    .filter((point) => point.name === name && point.runtime === runtime)
    .filter((point) => wanted.every(([key, value]) => point.attributes[key] === value));
  return points.length > 0 ? points.reduce((sum, { value }) => sum + value, 0) : undefined;
}

test("spans of middleware and handlers arrive at an OTLP receiver in one trace", async () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const headers = {
    ...CLIENT,
    "content-type": "application/json",
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  };
  const body = JSON.stringify({ type: "click", artistId: "artist-1", sessionId: "s-of-otel" });
  const startedAt = Date.now();
  const answer = await fetch(`${app.url}/api/analytics/track`, { method: "POST", headers, body });
  expect(await answer.json()).toMatchObject({ tracked: true });
  const endedAt = Date.now();

  await expect.poll(() => spansOf(traceId).map(({ runtime }) => runtime)).toContain("nodejs");
  await expect
    .poll(() => spansOf(traceId).map(({ runtime, name }) => `${runtime} ${name}`))
    .toContain("edge headgate.decision");
  for (const span of spansOf(traceId)) {
    expect(Number(span.startTimeUnixNano) / 1e6).toBeGreaterThanOrEqual(startedAt - 1);
    expect(Number(span.endTimeUnixNano) / 1e6).toBeLessThanOrEqual(endedAt + 1);
  }
  const decision = spansOf(traceId).find(({ name }) => name === "headgate.decision");
  expect(attributesOf(decision?.attributes ?? [])).toMatchObject({
    "headgate.rules": ["api", "analytics"],
    "headgate.outcome": "allowed",
    "http.request.method": "POST",
  });
  const calls = spansOf(traceId).filter(({ kind }) => kind === 3);
  expect(new Set(calls.map(({ runtime }) => runtime))).toEqual(new Set(["edge", "nodejs"]));
  for (const { attributes } of calls) {
    expect(attributesOf(attributes)).toMatchObject({ "db.system.name": "redis" });
  }
  await expect.poll(() => sumOf("headgate.dedup", "nodejs", { "headgate.state": "first" })).toBe(1);
  expect(receiver.text()).not.toMatch(/s-of-otel|artist-1/);
});

test("metrics of the edge and of Node arrive, without addresses and keys", async () => {
  for (let i = 0; i < 3; i += 1) await fetch(`${app.url}/api/search`, { headers: CLIENT });
  const allowed = { "headgate.rule": "search", "headgate.outcome": "allowed" };
  await expect.poll(() => sumOf("headgate.decisions", "edge", allowed)).toBe(3);
  const gets = { "db.system.name": "redis", "db.operation.name": "GET" };
  await expect.poll(() => sumOf("headgate.store.duration", "nodejs", gets)).toBeGreaterThan(0);
  expect(receiver.text()).not.toContain(CLIENT["x-forwarded-for"]);
});

test("nothing is sent when OTEL_EXPORTER_OTLP_ENDPOINT is not set", async () => {
  const own = cleanUp(await startOtlpReceiver(), (it) => it.stop());
  const env = { ...AT_ONCE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${own.url}/v1/traces` };
  const quiet = cleanUp(await ourServer.start(store, env), (it) => it.stop());
  expect((await fetch(`${quiet.url}/api/search`, { headers: CLIENT })).status).toBe(200);
  // A server that sends something has sent it before it exits.
  await quiet.stop();
  expect(own.text()).toBe("");
});
