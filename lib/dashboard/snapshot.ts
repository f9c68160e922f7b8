import type { GateMode } from "#lib/core/mode";
import { causeOf } from "#lib/redis/probe";
import { HOUR_MS, type Hours, MINUTE_MS } from "./hours.ts";
import type {
  DeniedClient,
  DeniedClients,
  MinuteNow,
  RuleNow,
  Snapshot,
  StoreNow,
  ToolsNow,
} from "./model.ts";
import type { Rates } from "./rates.ts";
import type { Reading, SlowReading, StoreReading } from "./reading.ts";
import type { RuleWords } from "./rules.ts";
import { NONE, type Tally } from "./tally.ts";

/** The p95 above which the store is degraded, in milliseconds, as in health checks. */
const SLOW_MS = 50;

/** Percentiles are those of the last 5 minutes, in milliseconds. */
const PERCENTILES_MS = 5 * MINUTE_MS;

/** The most names that are shown of those that are counted and not rules of this policy. */
const MOST_OTHERS = 100;

/** The most denied clients that are shown in total. */
const MOST_CLIENTS = 50;

/** The data for a snapshot. */
interface Known {
  readonly now: number;
  readonly isAnnounced: boolean;
  readonly namespace: string;
  readonly mode: GateMode;
  readonly isModeSet: boolean;
  readonly rateSpanMs: number;
  readonly rules: readonly RuleWords[];
  readonly hours: Hours;
  readonly rates: Rates | undefined;
  readonly reading: Reading | undefined;
  readonly slow: SlowReading;
  readonly store: StoreReading;
}

/** Makes a snapshot. */
export function snapshotOf(known: Known): Snapshot {
  const { now, hours, reading, store } = known;
  const minute = now - (now % MINUTE_MS);
  const hour = hours.between(minute - HOUR_MS + MINUTE_MS, minute + MINUTE_MS);
  return {
    sentAt: now,
    readAt: store.readAt,
    source: known.isAnnounced ? "pub-sub" : "polling",
    namespace: known.namespace,
    rateSpanMs: known.rateSpanMs,
    isCounted: reading !== undefined && reading.totals.size > 0,
    store: storeOf(known, hour, minute),
    rules: rulesOf(known, hour),
    deniedSince: now - (now % HOUR_MS) - HOUR_MS,
    denied: deniedOf(reading?.denied ?? []),
    tools: toolsOf(hour, known.slow),
    minutes: [minute - MINUTE_MS, minute].map((start) => minuteOf(hours, start)),
  };
}

function storeOf(known: Known, hour: Tally, minute: number): StoreNow {
  const { hours, mode, isModeSet, rates, slow } = known;
  const { error, roundTripMs } = known.store;
  const { p50Ms, p95Ms } = hours.between(minute - PERCENTILES_MS, minute + MINUTE_MS).store;
  const { failed } = hours.between(minute - MINUTE_MS, minute + MINUTE_MS).store;
  const { memoryBytes, memoryMaxBytes } = slow;
  return {
    ...stateOf(known.store, failed, p95Ms ?? 0),
    breaker: error?.code === "STORE_NOT_TRIED" ? "open" : "closed",
    mode,
    isModeSet,
    ...(roundTripMs !== undefined && { roundTripMs: rounded(roundTripMs) }),
    ...(rates && { callsPerSecond: rates.calls, failedPerSecond: rates.failed }),
    ...(p50Ms !== null && { p50Ms }),
    ...(p95Ms !== null && { p95Ms }),
    breakerOpenings: hour.groups.get("breaker open") ?? 0,
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(memoryMaxBytes !== undefined && { memoryMaxBytes }),
  };
}

function stateOf(
  { error, readAt }: StoreReading,
  failed: number,
  p95Ms: number,
): Pick<StoreNow, "state" | "reason"> {
  if (error) return { state: "down", reason: causeOf(error) };
  if (readAt === null) return { state: "unknown" };
  if (failed > 0) return { state: "degraded", reason: "failed-calls" };
  return p95Ms > SLOW_MS ? { state: "degraded", reason: "slow-calls" } : { state: "ok" };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

function rulesOf({ rules, rates }: Known, hour: Tally): readonly RuleNow[] {
  const names = new Set(rules.map(({ name }) => name));
  const others = [...hour.rules.keys()].filter((name) => !names.has(name)).slice(0, MOST_OTHERS);
  const now = (name: string) => ({
    ...(rates && { perSecond: rates.rules.get(name) ?? NONE }),
    lastHour: { ...(hour.rules.get(name) ?? NONE) },
  });
  return [
    ...rules.map((rule) => ({ ...rule, isInPolicy: true, ...now(rule.name) })),
    ...others
      .toSorted()
      .map((name) => ({ name, limits: [], enforced: 100, isInPolicy: false, ...now(name) })),
  ];
}

/** Adds up the denials of several hours. Each member is `<rule> <client key>`. */
function deniedOf(hours: Reading["denied"]): readonly DeniedClients[] {
  const sums = new Map<string, number>();
  for (const [member, count] of hours.flat()) sums.set(member, (sums.get(member) ?? 0) + count);
  const most = [...sums].toSorted(([, one], [, other]) => other - one).slice(0, MOST_CLIENTS);
  const byRule = new Map<string, DeniedClient[]>();
  for (const [member, denied] of most) {
    const [rule = "", key = ""] = member.split(" ");
    byRule.set(rule, [...(byRule.get(rule) ?? []), { key, denied }]);
  }
  return [...byRule].map(([rule, clients]) => ({ rule, clients }));
}

function toolsOf({ groups }: Tally, { locksHeld }: SlowReading): ToolsNow {
  const count = (name: string) => groups.get(name) ?? 0;
  return {
    locks: {
      ...(locksHeld !== undefined && { held: locksHeld }),
      acquired: count("locks acquired"),
      contended: count("locks contended"),
      lost: count("locks lost"),
      released: count("locks released"),
    },
    dedup: {
      first: count("dedup first"),
      duplicate: count("dedup duplicate"),
      inProgress: count("dedup in-progress"),
      otherPayload: count("dedup other-payload"),
      lost: count("dedup lost"),
    },
    idempotency: {
      ran: count("idempotency ran"),
      replayed: count("idempotency replayed"),
      conflict: count("idempotency conflict"),
    },
  };
}

function minuteOf(hours: Hours, start: number): MinuteNow {
  const tally = hours.between(start, start + MINUTE_MS);
  return { start, rules: Object.fromEntries(tally.rules), store: tally.store };
}
