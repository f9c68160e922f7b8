import type {
  ControlEntry,
  ControlNow,
  DeniedClients,
  History,
  InspectedLimit,
  InspectedRule,
  Inspection,
  LimitWords,
  MinuteNow,
  OutcomeSeries,
  RuleNow,
  Series,
  Snapshot,
} from "#lib/dashboard/model";
import { byOutcome, NO_OUTCOMES } from "./outcomes.ts";

/**
 * Returns a value in the given shape. Parts that are missing or of another type are taken from the shape,
 * because after a deploy the page may be older or newer than the server.
 */
function complete<T>(shape: T, value: unknown): T {
  if (typeof shape !== "object" || shape === null || Array.isArray(shape)) {
    return isAlike(shape, value) ? value : shape;
  }
  if (!isObject(value)) return shape;
  const completed = Object.entries(shape).map(([name, each]) => [
    name,
    complete(each, value[name]),
  ]);
  return { ...value, ...Object.fromEntries(completed) } as T;
}

function isAlike<T>(shape: T, value: unknown): value is T {
  return typeof value === typeof shape && Array.isArray(value) === Array.isArray(shape);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function completeAll<T>(shape: T, values: readonly unknown[]): readonly T[] {
  return values.filter(isObject).map((value) => complete(shape, value));
}

function completeRecord<T>(shape: T, values: object): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, complete(shape, value)]),
  );
}

const RULE: RuleNow = {
  name: "",
  limits: [],
  enforced: 100,
  isInPolicy: true,
  lastHour: NO_OUTCOMES,
};
const LIMIT: LimitWords = { name: "", amount: "", who: "" };
const DENIED: DeniedClients = { rule: "", clients: [] };
const MINUTE: MinuteNow = {
  start: 0,
  rules: {},
  store: { calls: 0, failed: 0, p50Ms: null, p95Ms: null },
};

const SNAPSHOT: Snapshot = {
  sentAt: 0,
  readAt: null,
  source: "polling",
  namespace: "",
  rateSpanMs: 10_000,
  isCounted: true,
  store: { state: "unknown", breaker: "closed", mode: "enforce", breakerOpenings: 0 },
  rules: [],
  deniedSince: 0,
  denied: [],
  tools: {
    locks: { acquired: 0, contended: 0, lost: 0, released: 0 },
    dedup: { first: 0, duplicate: 0, inProgress: 0, otherPayload: 0, lost: 0 },
    idempotency: { ran: 0, replayed: 0, conflict: 0 },
  },
  minutes: [],
};

const OUTCOME_SERIES: OutcomeSeries = byOutcome(() => []);
const HOUR: Series = seriesOf(60, 60_000);
const DAY: Series = seriesOf(144, 600_000);

function seriesOf(steps: number, stepMs: number): Series {
  return {
    start: 0,
    stepMs,
    steps,
    rules: {},
    store: { calls: [], failed: [], p50Ms: [], p95Ms: [] },
  };
}

/** Returns a snapshot with every field that the page reads; undefined when the value is not an object. */
export function readSnapshot(value: unknown): Snapshot | undefined {
  if (!isObject(value)) return undefined;
  const { readAt } = value;
  const snapshot = complete(SNAPSHOT, value);
  return {
    ...snapshot,
    readAt: typeof readAt === "number" ? readAt : null,
    rules: completeAll(RULE, snapshot.rules).map((rule) => ({
      ...rule,
      limits: completeAll(LIMIT, rule.limits),
      ...(isObject(rule.perSecond) && { perSecond: complete(NO_OUTCOMES, rule.perSecond) }),
    })),
    denied: completeAll(DENIED, snapshot.denied).map(({ rule, clients }) => ({
      rule,
      clients: completeAll({ key: "", denied: 0 }, clients),
    })),
    minutes: completeAll(MINUTE, snapshot.minutes).map((minute) => ({
      ...minute,
      rules: completeRecord(NO_OUTCOMES, minute.rules),
      store: { ...minute.store, ...timesOf(value, minute.start) },
    })),
  };
}

/** Returns the percentiles of a minute as they were sent: each is a number or null. */
function timesOf(value: Readonly<Record<string, unknown>>, start: number) {
  const minutes = Array.isArray(value["minutes"]) ? value["minutes"] : [];
  const sent: unknown = minutes.find((each) => isObject(each) && each["start"] === start);
  const store = isObject(sent) && isObject(sent["store"]) ? sent["store"] : {};
  return { p50Ms: numberOrNull(store["p50Ms"]), p95Ms: numberOrNull(store["p95Ms"]) };
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** Returns a history with every field that the page reads; undefined when the value is not an object. */
export function readHistory(value: unknown): History | undefined {
  if (!isObject(value)) return undefined;
  const { hour, day } = complete({ hour: HOUR, day: DAY }, value);
  return { hour: withRules(hour), day: withRules(day) };
}

function withRules(series: Series): Series {
  return { ...series, rules: completeRecord(OUTCOME_SERIES, series.rules) };
}

const ENTRY: ControlEntry = {
  kind: "unreadable",
  id: "",
  reason: "",
  by: "",
  at: 0,
  until: 0,
  endsInMs: 0,
  isUsable: true,
};
const CONTROL: Pick<ControlNow, "entries" | "more" | "isFollowed"> = {
  entries: [],
  more: 0,
  isFollowed: true,
};

/** Returns what is set, with every field that the page reads; undefined when the value is not an object. */
export function readControl(value: unknown): ControlNow | undefined {
  if (!isObject(value)) return undefined;
  const { admin } = value;
  const control = complete(CONTROL, value);
  return {
    ...control,
    entries: completeAll(ENTRY, control.entries),
    admin: typeof admin === "string" ? admin : null,
  };
}

/** The parts of a client's limit that the page shows. */
export type LimitFound = Pick<
  InspectedLimit,
  "name" | "limit" | "used" | "remaining" | "waitMs" | "resetMs"
>;

/** The parts of a rule that the page shows. */
export interface RuleFound extends Omit<InspectedRule, "limits" | "hasCapacity"> {
  readonly limits: readonly LimitFound[];
}

/** The parts of an inspection that the page shows. */
export interface ClientFound extends Pick<Inspection, "listed" | "set" | "countedIn"> {
  readonly key: string;
  readonly rules: readonly RuleFound[];
}

const LIMIT_FOUND = { name: "", limit: 0, used: 0, remaining: 0, resetMs: 0 };
const RULE_FOUND: Omit<RuleFound, "tier" | "entry" | "retryAfterMs"> = {
  rule: "",
  isShadow: false,
  isAllowed: true,
  reason: "within-limit",
  limits: [],
};
const INSPECTION: Pick<Inspection, "set" | "countedIn" | "rules"> = {
  set: [],
  countedIn: "store",
  rules: [],
};

/** Returns an inspection with every field that the page reads; undefined when the value is not an object. */
export function readLookedUp(value: unknown): ClientFound | undefined {
  if (!isObject(value)) return undefined;
  const { key, inspection } = complete({ key: "", inspection: INSPECTION }, value);
  return {
    listed: null,
    ...inspection,
    key,
    set: completeAll(ENTRY, inspection.set),
    rules: completeAll(RULE_FOUND, inspection.rules).map((rule) => ({
      tier: null,
      entry: null,
      retryAfterMs: null,
      ...rule,
      limits: completeAll(LIMIT_FOUND, rule.limits).map((limit) => ({ waitMs: 0, ...limit })),
    })),
  };
}
