import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** The value of an attribute in OTLP's JSON. */
interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly arrayValue?: { readonly values: readonly Value[] };
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** A received span. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string | number;
  readonly endTimeUnixNano: string | number;
  readonly attributes: readonly Attribute[];
}

interface Point {
  readonly attributes: readonly Attribute[];
  readonly asInt?: number | string;
  readonly asDouble?: number;
  readonly count?: number | string;
}

interface Metric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

interface Resource {
  readonly attributes: readonly Attribute[];
}

interface Body {
  readonly resourceSpans?: readonly {
    readonly resource: Resource;
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly Span[];
    }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly resource: Resource;
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

/** A receiver of OTLP/HTTP in JSON, on loopback. */
export interface OtlpReceiver {
  readonly url: string;
  /** The received bodies, one per line. */
  text(): string;
  /** The headers of the last call. */
  headers(): IncomingHttpHeaders;
  /** The received spans. */
  spans(): readonly ReceivedSpan[];
  /** The last point of each series, with the name of its metric and the sending runtime. */
  points(): readonly ReceivedPoint[];
  stop(): Promise<void>;
}

/** A span with the runtime that sent it. */
export interface ReceivedSpan extends Span {
  readonly runtime: string;
  /** True for a span of Headgate, and false for spans of Next and of fetch. */
  readonly isHeadgates: boolean;
}

/** The last point of a series. */
export interface ReceivedPoint {
  readonly name: string;
  readonly runtime: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The sum of a counter, or the number of values of a histogram. */
  readonly value: number;
}

/** Starts a receiver that keeps all bodies. */
export async function startOtlpReceiver(status = 200): Promise<OtlpReceiver> {
  const bodies: string[] = [];
  let headers: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      bodies.push(body);
      headers = request.headers;
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const parsed = () => bodies.map((body) => JSON.parse(body) as Body);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => bodies.join("\n"),
    headers: () => headers,
    spans: () => parsed().flatMap(spansOf),
    points: () => lastOf(parsed().flatMap(pointsOf)),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function spansOf({ resourceSpans = [] }: Body): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        ...span,
        runtime: runtimeOf(resource),
        isHeadgates: scope.name === "headgate",
      })),
    ),
  );
}

function pointsOf({ resourceMetrics = [] }: Body): readonly ReceivedPoint[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(
        ({ name, sum, histogram }) =>
          (sum ?? histogram)?.dataPoints.map((point): ReceivedPoint => ({
            name,
            runtime: runtimeOf(resource),
            attributes: attributesOf(point.attributes),
            value: Number(point.asInt ?? point.asDouble ?? point.count),
          })) ?? [],
      ),
    ),
  );
}

function lastOf(points: readonly ReceivedPoint[]): readonly ReceivedPoint[] {
  const series = points.map((point) => {
    const { name, runtime, attributes } = point;
    return [JSON.stringify([name, runtime, attributes]), point] as const;
  });
  return [...new Map(series).values()];
}

function runtimeOf({ attributes }: Resource): string {
  return String(attributesOf(attributes)["process.runtime.name"]);
}

/** Returns the attributes of a span or a point as a plain object. */
export function attributesOf(list: readonly Attribute[]): Readonly<Record<string, unknown>> {
  const plain = ({ stringValue, intValue, arrayValue }: Value): unknown =>
    arrayValue?.values.map(plain) ?? stringValue ?? intValue;
  return Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));
}
