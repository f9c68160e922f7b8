import {
  readHttpAddress,
  readVariables,
  type Variables,
  type VariableTable,
} from "headgate/settings";

/** Where and how the sample sends traces and metrics. */
export interface OtelEnvironment {
  /** The receiver's address for OTLP/HTTP, without the path of a signal. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds between two calls with metrics. */
  readonly intervalMs: number;
  readonly temporality: "cumulative" | "delta";
  /** Whether metrics are sent. */
  readonly sendsMetrics: boolean;
}

/** The variables of OpenTelemetry that the sample reads in addition to those that @vercel/otel reads. */
export const OTEL_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    read: readHttpAddress,
    mustBe: "an http or https address such as http://127.0.0.1:4318, without a user in it",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    read: readHeaders,
    mustBe: "headers such as api-key=secret, separated by commas, their values URL-encoded",
    standard: "",
  },
  OTEL_METRIC_EXPORT_INTERVAL: {
    read: (text) => (/^\d{3,7}$/.test(text) ? Number(text) : undefined),
    mustBe: "a whole number of milliseconds from 100 to 9999999",
    standard: "60000",
  },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    read: (text) => (text === "cumulative" || text === "delta" ? text : undefined),
    mustBe: "cumulative or delta",
    standard: "cumulative",
  },
  OTEL_METRICS_EXPORTER: {
    read: (text) => (text === "otlp" || text === "none" ? text : undefined),
    mustBe: "otlp or none",
    standard: "otlp",
  },
} as const satisfies VariableTable;

/**
 * Reads where traces and metrics are sent.
 *
 * @returns undefined when OTEL_EXPORTER_OTLP_ENDPOINT is not set: then nothing is sent
 * @throws {SettingsError} ENV_INVALID, which names every wrong variable
 */
export function readOtelEnvironment(set: Variables): OtelEnvironment | undefined {
  const values = readVariables(OTEL_VARIABLES, set);
  const url = values.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (url === undefined) return undefined;
  return {
    url,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS,
    intervalMs: values.OTEL_METRIC_EXPORT_INTERVAL,
    temporality: values.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE,
    sendsMetrics: values.OTEL_METRICS_EXPORTER === "otlp",
  };
}

/** The form of W3C baggage: name=value, separated by commas. */
function readHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  const headers = pairs.map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [name.trim(), decoded(value.join("=").trim())] as const;
  });
  const isUsable = headers.every(
    ([name, value = ""]) => /^[\w-]+$/.test(name) && /^[\x20-\x7e]+$/.test(value),
  );
  return isUsable ? (Object.fromEntries(headers) as Record<string, string>) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
