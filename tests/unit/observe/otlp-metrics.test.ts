import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { expect, test } from "vitest";
import { otlpMetricExporter, type OtlpMetricsOptions } from "headgate/otel";
import { startOtlpReceiver } from "../../support/otlp.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

/** Makes a meter of the real SDK whose metrics go to a receiver when they are flushed. */
async function start(options: Partial<OtlpMetricsOptions> = {}) {
  const receiver = cleanUp(await startOtlpReceiver(), (it) => it.stop());
  const exporter = otlpMetricExporter({ url: `${receiver.url}/v1/metrics`, ...options });
  const resource = resourceFromAttributes({ "process.runtime.name": "test", isOne: true });
  const readers = [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })];
  const provider = cleanUp(new MeterProvider({ resource, readers }), (it) => it.shutdown());
  return { receiver, provider, meter: provider.getMeter("m") };
}

const bodies = (text: string) =>
  text
    .split("\n")
    .map(
      (line): unknown => (JSON.parse(line) as { resourceMetrics: unknown[] }).resourceMetrics[0],
    );

test("sums, gauges and histograms are sent as OTLP in JSON", async () => {
  const { receiver, provider, meter } = await start({ headers: { "x-key": "k" } });
  meter
    .createCounter("c", { unit: "{one}", description: "d" })
    .add(2, { a: "b", n: 1.5, l: ["x"] });
  meter.createUpDownCounter("u").add(-1);
  meter.createGauge("g").record(0.5);
  meter.createHistogram("h", { advice: { explicitBucketBoundaries: [1, 2] } }).record(1.5);
  await provider.forceFlush();
  const time = expect.stringMatching(/^\d{19}$/);
  const times = { startTimeUnixNano: time, timeUnixNano: time };
  const at = { ...times, attributes: [] };
  expect(bodies(receiver.text())).toEqual([
    {
      resource: {
        attributes: [
          { key: "process.runtime.name", value: { stringValue: "test" } },
          { key: "isOne", value: { boolValue: true } },
        ],
      },
      scopeMetrics: [
        {
          scope: { name: "m", version: "" },
          metrics: [
            {
              name: "c",
              unit: "{one}",
              description: "d",
              sum: {
                aggregationTemporality: 2,
                isMonotonic: true,
                dataPoints: [
                  {
                    ...times,
                    asDouble: 2,
                    attributes: [
                      { key: "a", value: { stringValue: "b" } },
                      { key: "n", value: { doubleValue: 1.5 } },
                      { key: "l", value: { arrayValue: { values: [{ stringValue: "x" }] } } },
                    ],
                  },
                ],
              },
            },
            {
              name: "u",
              unit: "",
              description: "",
              sum: {
                aggregationTemporality: 2,
                isMonotonic: false,
                dataPoints: [{ ...at, asDouble: -1 }],
              },
            },
            {
              name: "g",
              unit: "",
              description: "",
              gauge: { dataPoints: [{ ...at, asDouble: 0.5 }] },
            },
            {
              name: "h",
              unit: "",
              description: "",
              histogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    ...at,
                    count: 1,
                    sum: 1.5,
                    min: 1.5,
                    max: 1.5,
                    bucketCounts: [0, 1, 0],
                    explicitBounds: [1, 2],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ]);
  expect(receiver.headers()).toMatchObject({ "content-type": "application/json", "x-key": "k" });
});

test.each([
  ["cumulative", [1, 2], 2],
  ["delta", [1, 1], 1],
] as const)("%s sums are sent when they are selected", async (temporality, sums, code) => {
  const { receiver, provider, meter } = await start({ temporality });
  const counter = meter.createCounter("c");
  const open = meter.createUpDownCounter("u");
  for (let i = 0; i < 2; i += 1) {
    counter.add(1);
    open.add(1);
    await provider.forceFlush();
  }
  const sent = bodies(receiver.text()) as {
    scopeMetrics: {
      metrics: { sum: { aggregationTemporality: number; dataPoints: { asDouble: number }[] } }[];
    }[];
  }[];
  const of = (at: number) =>
    sent.map((body) => body.scopeMetrics[0]?.metrics[at]?.sum.dataPoints[0]?.asDouble);
  expect(of(0)).toEqual(sums);
  // A state is sent with its full value either way.
  expect(of(1)).toEqual([1, 2]);
  expect(sent[0]?.scopeMetrics[0]?.metrics[0]?.sum.aggregationTemporality).toBe(code);
});

test("a receiver that rejects or is unavailable is an error only for the SDK", async () => {
  const collected = { resource: { attributes: {} }, scopeMetrics: [] };
  const receiver = cleanUp(await startOtlpReceiver(401), (it) => it.stop());
  const resultOf = (url: string) =>
    new Promise((done) => otlpMetricExporter({ url }).export(collected, done));
  expect(await resultOf(receiver.url)).toEqual({
    code: 1,
    error: new Error("The receiver of metrics answered 401."),
  });
  expect(await resultOf("http://127.0.0.1:1")).toMatchObject({ code: 1 });
});
