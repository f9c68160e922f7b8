import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { HeadgateEvent } from "headgate";
import { otelEvents } from "headgate/otel";
import type { Decision } from "#lib/core/decision";
import type { DecisionEvent, StoreEvent } from "#lib/core/events";
import { StoreError } from "#lib/redis/errors";

/** A reader that collects metrics on request and does not send them. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A listener with the real SDK in memory. */
export function telemetry() {
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

/** Returns the state of a rule's limit after a decision. */
export const limitOf = (rule: string, waitMs: number | undefined) => ({
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

/** Returns the event of a decision about two rules. */
export function decided(
  decision: Partial<Decision>,
  more: Partial<DecisionEvent> = {},
): DecisionEvent {
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

/** The event of a call to the store. */
export const called: StoreEvent = { kind: "store", command: "EVALSHA", commands: 1, tookMs: 3 };
export const TIMEOUT = new StoreError("STORE_TIMEOUT", "EVALSHA: no answer");

/** Returns the start and end of a span, in milliseconds since 1970. */
export const timesOf = ({ startTime, endTime }: ReadableSpan) =>
  [startTime, endTime].map(([seconds, nanos]) => seconds * 1000 + nanos / 1e6);
