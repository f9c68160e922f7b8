/** A time of the SDK: seconds and nanoseconds. */
type HrTime = readonly [number, number];

interface Point<Value> {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: object;
  readonly value: Value;
}

interface Histogram {
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
  readonly count: number;
  readonly sum?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** A metric of @opentelemetry/sdk-metrics. Its types are numbers of the SDK's enumerations. */
interface Metric {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
  };
  readonly dataPointType: number;
  readonly aggregationTemporality: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly Point<unknown>[];
}

/** The parts of the SDK's collected metrics that are sent. */
interface Collected {
  readonly resource: { readonly attributes: object };
  readonly scopeMetrics: readonly {
    readonly scope: { readonly name: string; readonly version?: string | undefined };
    readonly metrics: readonly Metric[];
  }[];
}

/** Where metrics are sent, and how. */
export interface OtlpMetricsOptions {
  /**
   * The receiver's address for metrics, such as http://127.0.0.1:4318/v1/metrics.
   * @example
   * otlpMetricExporter({ url: "http://127.0.0.1:4318/v1/metrics" });
   */
  readonly url: string;
  /**
   * The headers of each call, such as the receiver's key.
   * @default no further headers
   * @example
   * otlpMetricExporter({ url, headers: { authorization: `Bearer ${token}` } });
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * "delta" sends the increments since the last call, "cumulative" the sums since the start of the instance.
   * @default "cumulative"
   * @example
   * otlpMetricExporter({ url, temporality: "delta" });
   */
  readonly temporality?: "cumulative" | "delta";
}

/** The result of a call, in the form of the SDK. */
interface Result {
  code: number;
  error?: Error;
}

/** An exporter of metrics, for `PeriodicExportingMetricReader` of @opentelemetry/sdk-metrics. */
export interface OtlpMetricExporter {
  export(collected: Collected, tell: (result: Result) => void): void;
  selectAggregationTemporality(instrument: string): 0 | 1;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Milliseconds that one call may take. */
const LONGEST_MS = 10_000;

/** `DataPointType`, `AggregationTemporality` and `ExportResultCode` of the SDK. */
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
const DELTA = 0;
const CUMULATIVE = 1;
const SENT = 0;
const FAILED = 1;

/**
 * Makes an exporter that sends metrics by OTLP/HTTP in JSON with `fetch`, so that it runs at the edge as in
 * Node. It sends sums, gauges and histograms with fixed buckets. It does not send data again that a receiver
 * rejected, which loses nothing with cumulative sums.
 *
 * @example
 * import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
 *
 * const exporter = otlpMetricExporter({ url: "http://127.0.0.1:4318/v1/metrics" });
 * export const metricReaders = [new PeriodicExportingMetricReader({ exporter })];
 */
export function otlpMetricExporter(options: OtlpMetricsOptions): OtlpMetricExporter {
  const { url, headers, temporality = "cumulative" } = options;
  async function send(collected: Collected): Promise<void> {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(bodyOf(collected)),
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    await response.text();
    if (!response.ok) throw new Error(`The receiver of metrics answered ${response.status}.`);
  }
  return {
    export: (collected, tell) => void resultOf(send(collected)).then(tell),
    // A value that goes up and down is a state. Receivers of deltas also expect its full value.
    selectAggregationTemporality: (instrument) =>
      temporality === "delta" && !instrument.endsWith("UP_DOWN_COUNTER") ? DELTA : CUMULATIVE,
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

async function resultOf(sending: Promise<void>): Promise<Result> {
  try {
    await sending;
    return { code: SENT };
  } catch (error) {
    return { code: FAILED, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function bodyOf({ resource, scopeMetrics }: Collected): object {
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributesOf(resource.attributes) },
        scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
          scope: { name: scope.name, version: scope.version },
          metrics: metrics.flatMap(metricOf),
        })),
      },
    ],
  };
}

function metricOf(metric: Metric): readonly object[] {
  const { descriptor, dataPointType, isMonotonic = false, dataPoints } = metric;
  const { name, description, unit } = descriptor;
  const about = { name, description, unit };
  const aggregationTemporality = metric.aggregationTemporality + 1;
  if (dataPointType === HISTOGRAM) {
    const points = (dataPoints as readonly Point<Histogram>[]).map(histogramOf);
    return [{ ...about, histogram: { dataPoints: points, aggregationTemporality } }];
  }
  if (dataPointType !== SUM && dataPointType !== GAUGE) return [];
  const points = (dataPoints as readonly Point<number>[]).map((point) => ({
    ...placeOf(point),
    asDouble: point.value,
  }));
  if (dataPointType === GAUGE) return [{ ...about, gauge: { dataPoints: points } }];
  return [{ ...about, sum: { dataPoints: points, aggregationTemporality, isMonotonic } }];
}

function histogramOf(point: Point<Histogram>): object {
  const { buckets, count, sum, min, max } = point.value;
  return {
    ...placeOf(point),
    count,
    sum,
    min,
    max,
    bucketCounts: buckets.counts,
    explicitBounds: buckets.boundaries,
  };
}

function placeOf({ attributes, startTime, endTime }: Point<unknown>): object {
  return {
    attributes: attributesOf(attributes),
    startTimeUnixNano: nanoseconds(startTime),
    timeUnixNano: nanoseconds(endTime),
  };
}

/** Returns text, because a number cannot represent nanoseconds since 1970 exactly. */
function nanoseconds([seconds, nanos]: HrTime): string {
  return `${seconds}${String(nanos).padStart(9, "0")}`;
}

function attributesOf(attributes: object): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]: [string, unknown]) =>
    value === undefined || value === null ? [] : { key, value: valueOf(value) },
  );
}

function valueOf(value: unknown): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return { doubleValue: value };
  return { stringValue: String(value) };
}
