import { metrics, trace } from "@opentelemetry/api";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { otelEvents } from "headgate/otel";
import { createGate } from "#lib/gate";
import { countEvents } from "#lib/metrics";
import { type Listener, toEach } from "#lib/observe/events";
import { logEvents } from "#lib/observe/log";
import { keyNames } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";
import { percentile } from "./numbers.ts";
import type { Report } from "./report/types.ts";

const ROUNDS = 15;
const REQUESTS = 10_000;

const LISTENER = "one rule by ip, with a listener";
const API = "one rule by ip, with OpenTelemetry and no SDK";
const SDK = "one rule by ip, with OpenTelemetry and its SDK";

/** Serves one request of a client, who is given by number. */
export type Way = (client: number) => Promise<unknown>;

/**
 * Measures the processor time of one checked request over a store that answers at once: the cost of the gate
 * itself, without network. It is compared to the same request and response without a gate, which it
 * includes. The rounds alternate.
 */
export async function benchGate(): Promise<Report> {
  const telemetry = sdk();
  const ways: readonly (readonly [what: string, way: Way])[] = [
    ["no gate: a Request and a Response", plain],
    ["one rule by ip", gate({ ip: "600 per minute" })],
    [LISTENER, gate({ ip: "600 per minute" }, () => {})],
    ["one rule by ip, with the log", gate({ ip: "600 per minute" }, log)],
    ["one rule by ip, with the log and counters", gate({ ip: "600 per minute" }, both)],
    [API, gate({ ip: "600 per minute" }, otelEvents({ trace, metrics }))],
    [SDK, gate({ ip: "600 per minute" }, otelEvents(telemetry.api))],
    ["three limits", gate({ ip: ["60 per second", "600 per minute"], global: "90000 per hour" })],
  ];
  const times = ways.map((): number[] => []);
  for (const [, way] of ways) await roundOf(way);
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const [w, [, way]] of ways.entries()) times[w]?.push(await roundOf(way));
  }
  await telemetry.stop();
  const rows = ways.map(([what], w) => ({ what, us: percentile(50, times[w] ?? []) }));
  const [bare] = rows;
  return {
    data: rows,
    wanted: [],
    figures: figuresOf(rows),
    tables: [
      {
        title: "Microseconds of the processor for a request, medians of rounds in alternation:",
        head: ["", "µs", "to no gate"],
        rows: rows.map(({ what, us }) => [
          what,
          us.toFixed(1),
          (us / (bare?.us ?? NaN)).toFixed(1),
        ]),
      },
    ],
  };
}

/** The costs in docs/operate/opentelemetry.md. */
function figuresOf(rows: readonly { readonly what: string; readonly us: number }[]) {
  const us = (what: string) => rows.find((row) => row.what === what)?.us ?? Number.NaN;
  const ratio = (what: string) => (us(what) / us(LISTENER)).toFixed(2);
  return {
    listener: us(LISTENER).toFixed(1),
    api: us(API).toFixed(1),
    "api.ratio": ratio(API),
    sdk: us(SDK).toFixed(1),
    "sdk.ratio": ratio(SDK),
  };
}

/** Measures the processor time of each of many requests in microseconds. */
export async function roundOf(way: Way, requests = REQUESTS): Promise<number> {
  const before = process.cpuUsage();
  for (let client = 0; client < requests; client += 1) await way(client % 250);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

async function plain(client: number): Promise<Response> {
  const { headers } = requestOf(client);
  return new Response(null, { headers: { "x-client": headers.get("x-forwarded-for") ?? "" } });
}

function gate(
  limits: Readonly<Record<string, string | readonly string[]>>,
  onEvent?: Listener,
): Way {
  const guard = createGate(
    { rules: { api: { match: "/api/:path*", limits } } },
    {
      redis: onEvent ? telling(onEvent) : answersAtOnce,
      namespace: "bench",
      secret: "a secret of the benchmark, long enough",
      addressSource: { from: "hops", hops: 1 },
      ...(onEvent && { onEvent }),
    },
  );
  const event = { waitUntil: () => {} };
  return (client) => guard(requestOf(client), event);
}

function requestOf(client: number): Request {
  const headers = { "x-forwarded-for": `203.0.113.${client}` };
  return new Request("http://app.example/api/search", { headers });
}

/** The SDK as in an app: spans in batches, and every span is recorded. The exporter drops all data. */
function sdk() {
  const done = (_: unknown, tell: (result: { code: number }) => void) => tell({ code: 0 });
  const none = async () => {};
  const exporter = { export: done, forceFlush: none, shutdown: none };
  const spans = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  const reader = new PeriodicExportingMetricReader({ exporter });
  const sums = new MeterProvider({ readers: [reader] });
  const stop = async () => void (await Promise.all([spans.shutdown(), sums.shutdown()]));
  return { api: { trace: spans, metrics: sums }, stop };
}

/** The store below, whose calls are reported like those of a real connection. */
function telling(onEvent: Listener): ScriptStore {
  return {
    ...answersAtOnce,
    evalsha: async (...call) => {
      const answer = await answersAtOnce.evalsha(...call);
      onEvent({ kind: "store", command: "EVALSHA", commands: 1, tookMs: 1 });
      return answer;
    },
  };
}

/** Replies like the limit script when there is capacity. */
const answersAtOnce: ScriptStore = {
  evalsha: async (_, keys) => [1_750_000_000_000, 1, ...keys.flatMap(() => [5, 0, 1000])],
  eval: () => Promise.reject(new Error("The script is known.")),
  pipeline: () => {
    throw new Error("One script needs no pipeline.");
  },
};

const log = logEvents(() => {});
const counters = countEvents()({ redis: answersAtOnce, keys: keyNames("bench"), batches: true });
const both = toEach([log, counters]);
