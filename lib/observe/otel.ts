import { type Decision, violated } from "#lib/core/decision";
import { isHeadgateError } from "#lib/core/errors";
import type { DecisionEvent, HeadgateEvent, Listener, StoreEvent } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import type { Attributes, Meter, OtelApi, Tracer } from "./otel-api.ts";
import { NO_RULE, outcomeWithoutCount } from "./outcome.ts";

/**
 * Makes a listener that reports events to OpenTelemetry: a span for each decision and for each call to the
 * store, and the counters and histograms that docs/operate/opentelemetry-data.md lists. It imports nothing, so the
 * app passes the API. Times in metrics are in seconds. No attribute contains a client key, the key of a lock
 * or an address, and each has a bounded number of values. It never throws.
 *
 * @param api `trace` and `metrics` of the app's own @opentelemetry/api. The app registers its SDK before the
 *   first request. Without an SDK, the API drops all data
 * @example
 * import { metrics, trace } from "@opentelemetry/api";
 *
 * const onEvent = otelEvents({ trace, metrics });
 * export const gate = createHeadgate(policy, () => ({ ...fromEnv(), onEvent }));
 */
export function otelEvents(api: OtelApi): Listener {
  let telemetry: Telemetry | undefined;
  return (event) => {
    try {
      // Made with the first event, because a meter that is made before the SDK is registered never counts.
      telemetry ??= new Telemetry(api);
      telemetry.record(event);
    } catch {
      // An error of the app's telemetry must not fail a request.
    }
  };
}

const NAME = "headgate";

/** The bounds of buckets in seconds, from a store close to the app to one that exceeds its deadline. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** `SpanKind` and `SpanStatusCode` of @opentelemetry/api. */
const INTERNAL = 0;
const CLIENT = 2;
const ERROR = 2;

/** Reports events to OpenTelemetry. */
class Telemetry {
  readonly #tracer: Tracer | undefined;
  readonly #instruments: Instruments | undefined;
  readonly #operations = new FewValues();
  readonly #errors = new FewValues();

  constructor({ trace, metrics }: OtelApi) {
    this.#tracer = trace?.getTracer(NAME);
    this.#instruments = metrics && instrumentsOf(metrics.getMeter(NAME));
  }

  record(event: HeadgateEvent): void {
    const counted = this.#instruments;
    switch (event.kind) {
      case "decision":
        return this.#decided(event);
      case "store":
        return this.#called(event);
      case "near-limit":
        return counted?.nearLimits.add(1, { "headgate.rule": event.rule });
      case "breaker":
        return counted?.breaker.add(event.state === "open" ? 1 : -1);
      case "lock":
      case "dedup":
      case "idempotency":
        return counted?.[event.kind].add(1, { "headgate.state": event.state });
      case "failure":
        return counted?.failures.add(1, { "headgate.during": event.during });
      case "address":
        return undefined;
    }
  }

  #decided(event: DecisionEvent): void {
    const { decision, rules, mode, method, decidedAt, tookMs } = event;
    const outcome = outcomeOf(decision, mode);
    const seconds = tookMs / 1000;
    for (const each of outcomesByRule(event)) {
      this.#instruments?.decisions.add(1, {
        "headgate.rule": each.rule,
        "headgate.outcome": each.outcome,
        "headgate.reason": each.reason,
        "headgate.mode": mode,
      });
    }
    const about = { "headgate.outcome": outcome, "headgate.mode": mode };
    this.#instruments?.decisionSeconds.record(seconds, about);
    const deniedBy = violated(decision).map(({ policyName }) => policyName);
    this.#span("headgate.decision", INTERNAL, decidedAt, tookMs, {
      ...about,
      "headgate.rules": [...rules],
      "headgate.reason": decision.reason,
      ...(deniedBy.length > 0 && { "headgate.denied_by": deniedBy }),
      ...(method !== undefined && { "http.request.method": knownMethod(method) }),
      ...(decision.error && this.#errorType(decision.error)),
    });
  }

  #called({ command, commands, tookMs, error }: StoreEvent): void {
    const operation = this.#operations.of(operationOf(command));
    const about = {
      "db.system.name": "redis",
      "db.operation.name": operation,
      ...(error && this.#errorType(error)),
    };
    this.#instruments?.calls.add(1, about);
    // A call that the breaker did not send has no duration and no span.
    if (isHeadgateError(error) && error.code === "STORE_NOT_TRIED") return;
    this.#instruments?.callSeconds.record(tookMs / 1000, about);
    this.#span(operation, CLIENT, Date.now(), tookMs, {
      ...about,
      ...(commands > 1 && { "db.operation.batch.size": commands }),
    });
  }

  /** Makes a span of work that has ended already. */
  #span(name: string, kind: 0 | 2, endTime: number, tookMs: number, attributes: Attributes): void {
    const span = this.#tracer?.startSpan(name, { kind, startTime: endTime - tookMs, attributes });
    if ("error.type" in attributes) span?.setStatus({ code: ERROR });
    span?.end(endTime);
  }

  #errorType(error: Error): Attributes {
    return { "error.type": this.#errors.of(isHeadgateError(error) ? error.code : error.name) };
  }
}

type Instruments = ReturnType<typeof instrumentsOf>;

function instrumentsOf(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`headgate.${name}`, { unit: `{${unit}}`, description });
  const seconds = (name: string, description: string) =>
    meter.createHistogram(`headgate.${name}`, {
      unit: "s",
      description,
      advice: { explicitBucketBoundaries: SECONDS },
    });
  return {
    decisions: counter("decisions", "decision", "Requests and calls that a rule decided."),
    decisionSeconds: seconds(
      "decision.duration",
      "Time from the start of a check to its decision.",
    ),
    nearLimits: counter("near_limit", "limit", "Limits that a client used to 80 %."),
    calls: counter(
      "store.calls",
      "call",
      "Calls to the store, with those that the breaker did not send.",
    ),
    callSeconds: seconds("store.duration", "Time from sending a call to its answer."),
    breaker: meter.createUpDownCounter("headgate.breaker.state", {
      unit: "{breaker}",
      description: "Breakers that are open: 0 while the store answers.",
    }),
    lock: counter("locks", "lock", "Locks acquired, contended, lost and released."),
    dedup: counter("dedup", "claim", "Keys that were claimed or counted."),
    idempotency: counter("idempotency", "request", "Requests with an Idempotency-Key."),
    failures: counter("failures", "failure", "Failures that were not reported to a caller."),
  };
}

type OtelOutcome = "allowed" | "denied" | "shadow_denied" | "degraded" | "blocked" | "uncounted";

/** Returns the outcome of a request: "degraded" when the store did not count it. */
function outcomeOf(decision: Decision, mode: GateMode): OtelOutcome {
  const { reason, counted } = decision;
  const uncounted = outcomeWithoutCount(decision, mode);
  if (uncounted) return uncounted;
  if (reason === "store-failed" || counted === "in-process") return "degraded";
  if (reason === "within-limit") return "allowed";
  return mode === "shadow" ? "shadow_denied" : "denied";
}

/**
 * Returns the outcome of a request for each rule, or for "(none)" when no rule matched. When another rule
 * denied the request, a rule with capacity consumed nothing, so it is left out.
 */
function outcomesByRule({ decision, rules, mode }: DecisionEvent) {
  const outcome = outcomeOf(decision, mode);
  const { reason, limits, shadows } = decision;
  const inShadow = new Set(shadows.map(({ rule }) => rule));
  const isByLimits = reason === "over-limit" && limits.length > 0;
  const names = rules.length > 0 ? rules : [NO_RULE];
  const denying = new Set(isByLimits ? violated(decision).map(({ rule }) => rule) : names);
  return [
    ...names
      .filter((rule) => denying.has(rule) && !inShadow.has(rule))
      .map((rule) => ({ rule, outcome, reason })),
    ...shadows.map(({ rule, allowed }) =>
      allowed
        ? ({ rule, outcome: "allowed", reason: "within-limit" } as const)
        : ({ rule, outcome: "shadow_denied", reason: "over-limit" } as const),
    ),
  ];
}

/** The value for all others in the semantic conventions. */
const OTHER = "_OTHER";

/** Returns the command as the conventions for Redis name it. The path of a call may contain data of the app. */
function operationOf(command: string): string {
  if (command === "pipeline") return "PIPELINE";
  if (command === "multi-exec") return "MULTI";
  return /^[A-Z]+$/.test(command) ? command : OTHER;
}

const METHODS = /^(?:CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|QUERY|TRACE)$/;

/** Returns a method as the conventions for HTTP name it, because clients can send any method. */
function knownMethod(method: string): string {
  return METHODS.test(method) ? method : OTHER;
}

/** Bounds the number of values of an attribute, because a backend has a series for each. */
class FewValues {
  readonly #known = new Set<string>();

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= MOST_VALUES) return OTHER;
    this.#known.add(value);
    return value;
  }
}

const MOST_VALUES = 100;
