import { type OtelEnvironment, readOtelEnvironment } from "#config/otel-env";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { registerOTel } from "@vercel/otel";
import { otlpMetricExporter } from "headgate/otel";
import { processVariables, trimVariables } from "headgate/settings";

/**
 * Sends traces and metrics of this runtime by OTLP. @vercel/otel reads the variables of traces itself;
 * the sample adds metrics, which it sends from the edge too.
 */
export function startTelemetry(): void {
  const env = readOtelEnvironment(trimVariables(processVariables()));
  if (!env) return;
  registerOTel({
    serviceName: "headgate-sample",
    // Middleware, handlers and instances count separately, so each series needs the id of its instance.
    attributes: { "service.instance.id": crypto.randomUUID() },
    metricReaders: env.sendsMetrics ? [metricReader(env)] : [],
  });
}

function metricReader({ url, headers, intervalMs, temporality }: OtelEnvironment) {
  return new PeriodicExportingMetricReader({
    exporter: otlpMetricExporter({ url: `${url}/v1/metrics`, headers, temporality }),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs,
  });
}
