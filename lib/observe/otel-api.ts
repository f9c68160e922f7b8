/** Attributes of a metric or a span, as @opentelemetry/api takes them. */
export type Attributes = Record<string, string | number | string[]>;

interface Span {
  setStatus(status: { code: 2 }): unknown;
  end(endTime: number): void;
}

export interface Tracer {
  startSpan(
    name: string,
    options: { kind: 0 | 2; startTime: number; attributes: Attributes },
  ): Span;
}

interface Counter {
  add(value: number, attributes?: Attributes): void;
}

interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

interface About {
  description: string;
  unit: string;
  advice?: { explicitBucketBoundaries: number[] };
}

export interface Meter {
  createCounter(name: string, about: About): Counter;
  createUpDownCounter(name: string, about: About): Counter;
  createHistogram(name: string, about: About): Histogram;
}

/** What Headgate uses of @opentelemetry/api: the app hands it `{ trace, metrics }` of its own copy. */
export interface OtelApi {
  /** Makes the spans; without it there are none. */
  readonly trace?: { getTracer(name: string): Tracer } | undefined;
  /** Makes the instruments; without it there are none. */
  readonly metrics?: { getMeter(name: string): Meter } | undefined;
}
