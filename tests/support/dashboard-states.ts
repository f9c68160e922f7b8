import type { Snapshot } from "#lib/dashboard/model";
import { historyAt, manyRules, snapshotAt } from "./dashboard-fixture.ts";
import { controlAt } from "./dashboard-control.ts";
import type { Script } from "./dashboard-server.ts";

/** The data of a state of the page, and texts that only this state shows. */
export interface State extends Omit<Script, "status"> {
  readonly words: readonly [string, ...string[]];
}

const ok = snapshotAt(0).store;
const nothing = { allowed: 0, denied: 0, shadowDenied: 0, degraded: 0 };
const history = (now: number) => historyAt(now, manyRules(8));

function state(changes: Partial<Snapshot>, ...words: State["words"]): State {
  return { snapshot: (now) => snapshotAt(now, changes), history, words };
}

const quiet = manyRules(4).map(({ name, limits, enforced, isInPolicy }) => ({
  name,
  limits,
  enforced,
  isInPolicy,
  lastHour: nothing,
}));
const NO_TOOLS: Snapshot["tools"] = {
  locks: { acquired: 0, contended: 0, lost: 0, released: 0 },
  dedup: { first: 0, duplicate: 0, inProgress: 0, otherPayload: 0, lost: 0 },
  idempotency: { ran: 0, replayed: 0, conflict: 0 },
};

/** Every state that a snapshot can show. States that can occur at once are combined. */
export const STATES: Readonly<Record<string, State>> = {
  well: state({}, "live by Redis Pub/Sub"),
  "polling, a degraded store, an open breaker": state(
    {
      source: "polling",
      store: { ...ok, state: "degraded", reason: "slow-calls", breaker: "open", p95Ms: 72.1 },
    },
    "polling",
    "The store is degraded.",
    "It answers, but calls are slow.",
    "The breaker of this instance is open.",
  ),
  "nothing counted": {
    snapshot: (now) =>
      snapshotAt(now, {
        isCounted: false,
        rules: quiet,
        denied: [],
        tools: NO_TOOLS,
        store: {
          state: "ok",
          breaker: "closed",
          mode: "enforce",
          roundTripMs: 1.4,
          breakerOpenings: 0,
        },
      }),
    history: (now) => historyAt(now, quiet),
    control: (now) => controlAt(now, { entries: [], admin: null }),
    words: [
      "Nothing was counted yet.",
      "counters: countEvents()",
      "Nothing is set: only the policy decides.",
    ],
  },
  "no rules, no denials": state(
    { rules: [], denied: [] },
    "The policy has no rule.",
    "No client was denied since",
  ),
  down: {
    snapshot: (now) =>
      snapshotAt(now, {
        readAt: now - 34_000,
        store: {
          ...ok,
          state: "down",
          reason: "STORE_UNREACHABLE",
          breaker: "open",
          failedPerSecond: 3.4,
          breakerOpenings: 2,
        },
      }),
    history,
    words: ["The store does not answer.", "STORE_UNREACHABLE", "requests are denied with 503"],
  },
  "gate in shadow": state(
    { store: { ...ok, mode: "shadow" } },
    "The gate is in shadow: nothing is denied.",
  ),
  "gate off, no history": {
    snapshot: (now) => snapshotAt(now, { store: { ...ok, mode: "off" } }),
    history: undefined,
    words: [
      "The gate is off: nothing is denied.",
      "The history of this chart has not arrived yet.",
    ],
  },
  "entries that the gate does not follow, for a viewer": {
    ...state({}, "The gate does not follow these entries.", "9,900 more end later."),
    control: (now) => controlAt(now, { isFollowed: false, more: 9_900, admin: null }),
  },
  "rules in shadow": state(
    { rules: manyRules(8).map((rule) => ({ ...rule, enforced: 0 })) },
    "Every rule is in shadow: nothing is denied.",
  ),
};
