import { createControl } from "#lib/control";
import type { Control } from "#lib/control/types";
import { monotonic } from "#lib/core/clock";
import type { Gate } from "#lib/create";
import type { AnyPolicy } from "#lib/policy/define";
import { probeStore } from "#lib/redis/probe";
import { scriptStoreOver } from "#lib/redis/script-store";
import { Changes } from "./changes.ts";
import { Entries } from "./entries.ts";
import { rulesInWords } from "./rules.ts";
import { Snapshots } from "./snapshots.ts";

/** The parts of a gate that a dashboard reads. */
export type Watched<P extends AnyPolicy> = Pick<
  Gate<P>,
  "keys" | "options" | "policy" | "redis" | "unobserved" | "keyedHash" | "emit"
>;

/** A gate whose calls make no events, because the dashboard's own calls are not load of the app. */
export type Unwatched = Pick<
  Gate<AnyPolicy>,
  "keys" | "options" | "policy" | "redis" | "requester" | "keyedHash"
>;

/** The parts of a dashboard. */
export interface DashboardParts {
  readonly unwatched: Unwatched;
  readonly control: Control;
  readonly entries: Entries;
  readonly snapshots: Snapshots;
  readonly changes: Changes;
}

/** The time over which rates are averaged, in milliseconds: several windows in which instances write. */
const RATE_SPAN_MS = { ourServer: 10_000, elsewhere: 30_000 } as const;

/** Makes the parts of a gate's dashboard. It does not call the store. */
export function partsOf<P extends AnyPolicy>(gate: Watched<P>): DashboardParts {
  const { keys, options, policy, unobserved, keyedHash } = gate;
  const { requester, rest, isCluster, batches } = unobserved;
  const redis = scriptStoreOver(requester, gate.redis.deadlineMs);
  const unwatched: Unwatched = { keys, options, policy, redis, requester, keyedHash };
  const control = createControl(unwatched);
  const entries = new Entries({ control, isFollowed: options.live !== undefined });
  const probeKey = keys.app("health", keyedHash("health", "dashboard"));
  const snapshots = new Snapshots({
    requester,
    keys,
    probe: () => probeStore(redis, probeKey, monotonic),
    namespace: options.namespace,
    mode: options.mode ?? "enforce",
    entries,
    rules: rulesInWords(policy),
    isCluster,
    rateSpanMs: RATE_SPAN_MS[batches ? "ourServer" : "elsewhere"],
  });
  const changes = new Changes({ rest, keys, onChange: () => snapshots.changed() });
  return { unwatched, control, entries, snapshots, changes };
}
