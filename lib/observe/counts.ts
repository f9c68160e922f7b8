import { type Decision, hasNoCapacity, type LimitStatus, violated } from "#lib/core/decision";
import { isHeadgateError } from "#lib/core/errors";
import type { DecisionEvent, HeadgateEvent, StoreEvent } from "#lib/core/events";
import { bucketOf, type CountedName, fieldOf } from "./metric-table.ts";
import { NO_RULE, outcomeWithoutCount } from "./outcome.ts";
import { Top } from "./top.ts";

/** The outcome of a request for one rule. */
type RuleOutcome = "allowed" | "denied" | "shadow_denied" | "degraded" | "blocked" | "uncounted";

/** The most series that are counted between two writes, in the totals and in the minutes of an hour. */
const MOST_SERIES = 1000;

/** The most clients that are counted separately between two writes. */
const MOST_CLIENTS = 100;

/** The most hours that are counted separately between two writes. There are more only while writes fail. */
const MOST_HOURS = 2;

/** The groups that are counted by the minute in addition to decisions. */
export type MinuteGroup = "store" | "breaker" | "locks" | "dedup" | "idempotency";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The counts of one hour of the instance's clock. */
export interface HourCounts {
  /**
   * By minute of the hour: decisions by rule and outcome, calls to the store, histograms of their times, and
   * outcomes of locks, claimed keys, and requests with an Idempotency-Key.
   */
  readonly minutes: Sums;
  /** Denied client keys, each after the name of its rule. */
  readonly denied: Top;
  /** Members of the sorted set that Upstash's console reads. */
  readonly console: Top;
}

/** Sums by field, bounded in their number. */
export class Sums {
  readonly values = new Map<string, number>();

  add(field: string, by = 1): void {
    const before = this.values.get(field);
    if (before === undefined && this.values.size >= MOST_SERIES) return;
    this.values.set(field, (before ?? 0) + by);
  }
}

/** The counts of events between two writes. Times are summed in whole microseconds. */
export class Counts {
  readonly totals = new Sums();
  /** By the start of the hour, in milliseconds since 1970. */
  readonly hours = new Map<number, HourCounts>();
  readonly #forConsole: boolean;

  constructor(forConsole: boolean) {
    this.#forConsole = forConsole;
  }

  get isEmpty(): boolean {
    return this.totals.values.size === 0;
  }

  /** Adds an event, at a time in milliseconds since 1970. */
  add(event: HeadgateEvent, at: number): void {
    switch (event.kind) {
      case "decision":
        return this.#addDecision(event, at);
      case "store":
        return this.#addCall(event, at);
      case "near-limit":
        return this.#count("near_limit_total", event.rule);
      case "breaker":
        this.#count("breaker_changes_total", event.state);
        return this.#addToMinute(at, "breaker", event.state);
      case "lock":
        this.#count("locks_total", event.state);
        return this.#addToMinute(at, "locks", event.state);
      case "dedup":
        this.#count("dedup_total", event.state);
        return this.#addToMinute(at, "dedup", event.state);
      case "idempotency":
        this.#count("idempotency_total", event.state);
        return this.#addToMinute(at, "idempotency", event.state);
      case "failure":
        return this.#count("failures_total", event.during);
      case "address":
    }
  }

  #count(name: CountedName, value: string): void {
    this.totals.add(fieldOf(name, value));
  }

  /** Adds one to a group of the minute. A group's name has brackets, which no rule's name may have. */
  #addToMinute(at: number, group: MinuteGroup, value: string): void {
    this.#hourOf(at)?.minutes.add(`${minuteOf(at)} (${group}) ${value}`);
  }

  #addCall({ tookMs, error }: StoreEvent, at: number): void {
    const code = isHeadgateError(error) ? error.code : "other";
    // A store that rejects one command, as with NOSCRIPT, does answer.
    const outcome = error && code !== "STORE_REJECTED" ? "failed" : "ok";
    this.#count("store_calls_total", outcome);
    if (error) this.#count("store_errors_total", code);
    addTime(this.totals, "store_call_duration_seconds", tookMs);
    this.#addToMinute(at, "store", outcome);
    const minutes = this.#hourOf(at)?.minutes;
    if (minutes) addTime(minutes, `${minuteOf(at)} (store)`, tookMs);
  }

  #addDecision(event: DecisionEvent, at: number): void {
    const minute = minuteOf(at);
    const hour = this.#hourOf(at);
    for (const [rule, outcome] of outcomesOf(event)) {
      this.totals.add(fieldOf("decisions_total", rule, outcome));
      hour?.minutes.add(`${minute} ${rule} ${outcome}`);
    }
    for (const rule of event.rules) {
      this.totals.add(fieldOf("rule_decision_seconds_total", rule), microseconds(event.tookMs));
    }
    addTime(this.totals, "decision_duration_seconds", event.tookMs);
    if (!hour) return;
    addTime(hour.minutes, String(minute), event.tookMs);
    addClients(event, hour, this.#forConsole);
  }

  /** Returns undefined when there are too many hours. Then only totals are counted, not minutes. */
  #hourOf(at: number): HourCounts | undefined {
    const start = at - (at % HOUR_MS);
    const known = this.hours.get(start);
    if (known || this.hours.size >= MOST_HOURS) return known;
    const made = {
      minutes: new Sums(),
      denied: new Top(MOST_CLIENTS),
      console: new Top(MOST_CLIENTS),
    };
    this.hours.set(start, made);
    return made;
  }
}

/** Returns the minute of its hour. */
function minuteOf(at: number): number {
  return Math.floor((at % HOUR_MS) / MINUTE_MS);
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

/** Adds a time to a histogram: one to its bucket, and the time to its sum. */
function addTime(sums: Sums, name: string, ms: number): void {
  sums.add(`${name} le ${bucketOf(ms / 1000)}`);
  sums.add(`${name} sum`, microseconds(ms));
}

/**
 * Returns the outcome for each rule. A denied request is counted only for the rules that denied it, since the
 * others neither allowed nor denied it. When the store failed, it is degraded for each rule.
 */
function outcomesOf(event: DecisionEvent): readonly (readonly [string, RuleOutcome])[] {
  const { decision, rules, mode } = event;
  const denied = mode === "shadow" ? "shadow_denied" : "denied";
  const names = rules.length > 0 ? rules : [NO_RULE];
  const uncounted = outcomeWithoutCount(decision, mode);
  if (uncounted) return names.map((rule) => [rule, uncounted]);
  if (isDegraded(decision)) return names.map((rule) => [rule, "degraded"]);
  if (decision.reason === "over-limit") {
    const shadows = decision.shadows.filter((shadow) => !shadow.allowed);
    return [
      ...rulesOf(violated(decision)).map((rule) => [rule, denied] as const),
      ...shadows.map(({ rule }) => [rule, "shadow_denied"] as const),
    ];
  }
  // A body that is too large is denied in every mode, because Next would truncate it.
  if (!decision.allowed) return names.map((rule) => [rule, "denied"]);
  const full = new Set(decision.shadows.filter(({ allowed }) => !allowed).map(({ rule }) => rule));
  return names.map((rule) => [rule, full.has(rule) ? "shadow_denied" : "allowed"]);
}

/** Returns true for a decision that the store did not count because it failed. */
function isDegraded({ error, counted }: Decision): boolean {
  return error !== undefined && (counted === "in-process" || counted === "nowhere");
}

function rulesOf(limits: readonly LimitStatus[]): readonly string[] {
  return [...new Set(limits.map(({ rule }) => rule))];
}

/** Adds the denied clients. A limit that counts all clients together names none. */
function addClients(event: DecisionEvent, hour: HourCounts, forConsole: boolean): void {
  const { decision, mode } = event;
  const isDenied = decision.reason === "over-limit" && mode !== "shadow";
  if (!isDenied && !forConsole) return;
  const limits = decision.limits.filter(
    (limit) => !limit.global && (!isDenied || hasNoCapacity(limit)),
  );
  const keys = limits.length > 0 ? event.clients?.() : undefined;
  const clients = limits.flatMap(({ rule, policyName }) => {
    const key = keys?.[policyName];
    return key === undefined ? [] : [`${rule} ${key}`];
  });
  for (const client of new Set(clients)) {
    if (isDenied) hour.denied.add(client);
    if (forConsole) hour.console.add(consoleMember(client, !isDenied));
  }
}

/** Returns the member as `Analytics` of @upstash/ratelimit writes it. */
function consoleMember(client: string, success: boolean): string {
  return JSON.stringify({ identifier: client.replace(" ", ":"), success });
}
