import type { Charges } from "#lib/limit/charge";
import { DenialCache } from "#lib/limit/denial-cache";
import { LastCounts, marginOf } from "#lib/limit/last-counts";
import { Limiter } from "#lib/limit/limiter";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { RuleSet } from "#lib/policy/types";
import type { ScriptStore } from "#lib/redis/script-store";
import { StoreError } from "#lib/redis/errors";
import { chargeOf } from "./charge.ts";
import { Model, type ModelLimit } from "./model.ts";
import { Timeline } from "./timeline.ts";

/** A request to an instance. Times are in milliseconds. */
export interface FleetRequest {
  readonly instance: number;
  /** The time of its arrival. */
  readonly at: number;
  /** The time of each of its calls to the store, and of the reply. */
  readonly there: number;
  readonly back: number;
  /** The time between its decision and its response. */
  readonly work: number;
  /** True if the reply to its report is lost. */
  readonly isLost?: boolean;
}

/** The result of a fleet's requests, in units. */
export interface FleetRun {
  /** Allowed by replies of the store, and optimistically. */
  readonly strict: number;
  readonly optimistic: number;
  /** The largest count above the limit at any time. */
  readonly over: number;
  /** The most at one instance that was allowed optimistically and not yet recorded. */
  readonly inFlight: number;
  /** The bound: instances × min(margin, in flight). */
  readonly bound: number;
  /** All units that the store counted. */
  readonly counted: number;
}

/**
 * Runs a fleet of instances that serve requests of one client on a timeline. Each has a real limiter, and
 * all share one store, which is the model of the algorithms.
 */
export async function runFleet(
  rule: ModelLimit,
  admit: RuleSet["admit"],
  requests: readonly FleetRequest[],
): Promise<FleetRun> {
  const timeline = new Timeline();
  const model = new Model(rule);
  const seen = { strict: 0, optimistic: 0, over: 0, inFlight: 0 };
  const charges = chargesOf(rule, admit);
  const instances = new Map<number, { limiter: Limiter; path: Path; inFlight: number }>();
  const instanceOf = (request: FleetRequest) => {
    const known = instances.get(request.instance);
    if (known) return known;
    const path: Path = { request };
    const clock = () => timeline.now;
    const store = storeOf(timeline, model, path, (over) => {
      seen.over = Math.max(seen.over, over);
    });
    const limiter = new Limiter(new RedisLimits(store), {
      counts: new LastCounts(clock),
      denials: new DenialCache(clock),
    });
    const made = { limiter, path, inFlight: 0 };
    instances.set(request.instance, made);
    return made;
  };

  const serve = async (request: FleetRequest) => {
    const instance = instanceOf(request);
    instance.path.request = request;
    const outcome = await instance.limiter.admit(charges);
    const { decision } = outcome;
    if (!decision.allowed) return;
    if (decision.counted !== "after-answer") {
      seen.strict += rule.cost;
      return;
    }
    seen.optimistic += rule.cost;
    instance.inFlight += rule.cost;
    seen.inFlight = Math.max(seen.inFlight, instance.inFlight);
    await timeline.wait(request.work);
    instance.path.request = request;
    await instance.limiter.finish(outcome).catch(() => {});
    instance.inFlight -= rule.cost;
  };
  for (const request of requests) timeline.in(request.at, () => void serve(request));
  await timeline.run();
  const bound = instances.size * Math.min(marginOf(rule.limit), seen.inFlight);
  const counted = model.admitted.reduce((sum, { cost }) => sum + cost, 0);
  return { ...seen, bound, counted };
}

/** The request whose call goes to the store next. The call is sent synchronously. */
interface Path {
  request: FleetRequest;
}

/** A store of one key. It replies like the limit script, except that reset is a millisecond. */
function storeOf(
  timeline: Timeline,
  model: Model,
  path: Path,
  sawOver: (units: number) => void,
): ScriptStore {
  const decide = (mode: string | undefined): unknown => {
    const now = Math.floor(timeline.now);
    const wait = model.wait(now) ?? -1;
    if (mode === "report" || (mode === "take" && wait === 0)) model.take(now);
    sawOver(model.used(now) - model.rule.limit);
    return [now, wait === 0 ? 1 : 0, model.remaining(now), wait, 1];
  };
  const call = async (mode: string | undefined): Promise<unknown> => {
    const { there, back, isLost } = path.request;
    await timeline.wait(there);
    const answer = decide(mode);
    await timeline.wait(back);
    if (isLost && mode === "report") throw new StoreError("STORE_UNREACHABLE", "EVALSHA: lost");
    return answer;
  };
  return {
    evalsha: (_, __, [mode]) => call(mode),
    eval: (_, __, [mode]) => call(mode),
    pipeline: () => {
      throw new Error("one key needs no pipeline");
    },
  };
}

function chargesOf(rule: ModelLimit, admit: RuleSet["admit"]): Charges {
  const charge = chargeOf("client", rule);
  const rules = {
    rules: [],
    limits: [charge.limit],
    shadows: [],
    maxBody: undefined,
    onStoreFailure: "allow",
    admit,
  } as const;
  return { rules, all: [charge], isAddressKnown: true };
}
