import type {
  History,
  MinuteNow,
  OutcomeSeries,
  RuleNow,
  Series,
  Snapshot,
} from "#lib/dashboard/model";

const MINUTE = 60_000;

const LIMITS = [
  [{ name: "search:ip:minute", amount: "10 per minute", who: "ip" }],
  [
    { name: "artists:user|ip:minute", amount: "30 per minute", who: "user|ip", tier: "plan free" },
    { name: "artists:user|ip:hour", amount: "300 per hour", who: "user|ip", tier: "plan pro" },
  ],
  [{ name: "login:ip:15m", amount: "5 per 15 minutes", who: "ip" }],
  [{ name: "webhooks:global:hour", amount: "1,000 per hour", who: "global" }],
];

const NAMES = [
  "search",
  "artists",
  "login",
  "webhooks",
  "portfolio-upload",
  "analytics",
  "sync",
  "recommendations",
];

const ON_FAILURE = ["allow", "deny", "local"] as const;

/** Rules with different numbers, which are the same in each run. */
export function manyRules(count: number, names: readonly string[] = NAMES): readonly RuleNow[] {
  return Array.from({ length: count }, (_, i) => {
    const denied = i % 3 === 0 ? 37 * (i + 1) : 0;
    return {
      name: names[i] ?? `rule-${i}`,
      limits: LIMITS[i % LIMITS.length] ?? [],
      enforced: i === 5 ? 0 : i === 6 ? 25 : 100,
      isInPolicy: i !== 7,
      ...(i !== 7 && { onStoreFailure: ON_FAILURE[i % 3] ?? "allow" }),
      perSecond: {
        allowed: 41.3 / (i + 1),
        denied: denied / 300,
        shadowDenied: i === 5 ? 1.4 : 0,
        degraded: 0,
      },
      lastHour: {
        allowed: Math.round(148_000 / (i + 1)),
        denied,
        shadowDenied: i === 5 ? 4312 : 0,
        degraded: i === 1 ? 12 : 0,
      },
    };
  });
}

/** The numbers of a step: a quiet hour with one peak. */
function step(i: number, steps: number, scale: number): number {
  const rush = Math.exp(-(((i - steps * 0.7) / (steps * 0.05)) ** 2));
  return Math.round(scale * (1 + 0.15 * Math.sin(i / 3) + 0.08 * Math.sin(i * 1.7) + 1.2 * rush));
}

function seriesOf(now: number, stepMs: number, steps: number, rules: readonly RuleNow[]): Series {
  const minutes = stepMs / MINUTE;
  const start = Math.floor(now / stepMs) * stepMs - (steps - 1) * stepMs;
  const list = (at: (i: number) => number): number[] =>
    Array.from({ length: steps }, (_, i) => at(i));
  const isRush = (i: number): boolean => Math.abs(i - steps * 0.7) < steps * 0.06;
  return {
    start,
    stepMs,
    steps,
    rules: Object.fromEntries(
      rules.map(({ name, lastHour }): [string, OutcomeSeries] => [
        name,
        {
          allowed: list((i) => step(i, steps, (lastHour.allowed / 60) * minutes)),
          denied: list((i) => (isRush(i) ? Math.round((lastHour.denied / 6) * minutes) : 0)),
          shadowDenied: list((i) => step(i, steps, (lastHour.shadowDenied / 60) * minutes)),
          degraded: list((i) => (i === 20 ? lastHour.degraded : 0)),
        },
      ]),
    ),
    store: {
      calls: list((i) => step(i, steps, 2400 * minutes)),
      failed: list((i) => (i > 19 && i < 23 ? 3 * (i - 18) : 0)),
      p50Ms: list((i) => 0.9 + 0.2 * Math.sin(i / 5)),
      p95Ms: list((i) => 2.4 + 0.8 * Math.sin(i / 4) + (isRush(i) ? 3.1 : 0)),
    },
  };
}

/** Returns the history of the charts at a time in milliseconds since 1970. */
export function historyAt(now: number, rules: readonly RuleNow[]): History {
  return {
    hour: seriesOf(now, MINUTE, 60, rules),
    day: seriesOf(now, 10 * MINUTE, 144, rules),
  };
}

/** Returns the current minute with a number of denials by the first rule. */
export function minuteAt(now: number, rule: string, denied: number): MinuteNow {
  return {
    start: Math.floor(now / MINUTE) * MINUTE,
    rules: { [rule]: { allowed: 0, denied, shadowDenied: 0, degraded: 0 } },
    store: { calls: 0, failed: 0, p50Ms: null, p95Ms: null },
  };
}

/** Returns a snapshot without problems, at a time in milliseconds since 1970. */
export function snapshotAt(now: number, changes: Partial<Snapshot> = {}): Snapshot {
  return {
    sentAt: now,
    readAt: now - 400,
    source: "pub-sub",
    namespace: "shop-production",
    rateSpanMs: 10_000,
    isCounted: true,
    store: {
      state: "ok",
      breaker: "closed",
      mode: "enforce",
      roundTripMs: 1.4,
      callsPerSecond: 38.6,
      failedPerSecond: 0,
      p50Ms: 0.9,
      p95Ms: 3.2,
      breakerOpenings: 0,
      memoryBytes: 12_345_678,
      memoryMaxBytes: 256_000_000,
    },
    rules: manyRules(8),
    deniedSince: Math.floor(now / 3_600_000) * 3_600_000,
    denied: ["search", "webhooks", "sync"].map((rule, i) => ({
      rule,
      clients: Array.from({ length: 4 - i }, (_, k) => ({
        key: `dQw4w9WgXcQ${rule.slice(0, 3)}7fBz${k}1kLmN`,
        denied: Math.round(1290 / (k + 1) / (i + 1)),
      })),
    })),
    tools: {
      locks: { held: 3, acquired: 1284, contended: 96, lost: 0, released: 1281 },
      dedup: { first: 20_431, duplicate: 1833, inProgress: 4, otherPayload: 0, lost: 0 },
      idempotency: { ran: 612, replayed: 44, conflict: 1 },
    },
    minutes: [minuteAt(now, "search", 0)],
    ...changes,
  };
}
