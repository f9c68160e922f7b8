/** Events as spans, counters and histograms of OpenTelemetry, and an exporter of metrics for the edge. */
export type { OtelApi } from "#lib/observe/otel-api";
export { otelEvents } from "#lib/observe/otel";
export {
  type OtlpMetricExporter,
  otlpMetricExporter,
  type OtlpMetricsOptions,
} from "#lib/observe/otlp-metrics";
