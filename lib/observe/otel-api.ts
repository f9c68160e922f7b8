/** Attributes of a metric or a span, as @opentelemetry/api accepts them. */
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

/**
 * The parts of @opentelemetry/api that Headgate uses. The app passes `{ trace, metrics }` of its installed
 * copy.
 */
export interface OtelApi {
  /** Makes the spans; without it no span is made. */
  readonly trace?: { getTracer(name: string): Tracer } | undefined;
  /** Makes the instruments; without it no metric is recorded. */
  readonly metrics?: { getMeter(name: string): Meter } | undefined;
}
