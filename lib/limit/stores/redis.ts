import { monotonic } from "#lib/core/clock";
import { withinDeadline } from "#lib/redis/deadline";
import { StoreError } from "#lib/redis/errors";
import type { ScriptStore } from "#lib/redis/script-store";
import { defineScript, runScript, runScripts, type Script } from "#lib/redis/script";
import { ALGORITHMS } from "#lib/limit/algorithms/all";
import {
  argsOf,
  type Charge,
  type Charged,
  DECIDING,
  formNameOf,
  ownArgsOf,
  readCharged,
  takenOf,
} from "../charge.ts";
import type { LimitStore, LocalCount } from "../store.ts";
import { limitLua, ownLua, REDIS_CLOCK, refundLua, restoreLua } from "./lua.ts";

/** The script for limits of any form. */
export const LIMIT_SCRIPT = defineScript(limitLua(REDIS_CLOCK));
const REFUND_SCRIPT = defineScript(refundLua(REDIS_CLOCK));
const RESTORE_SCRIPT = defineScript(restoreLua(REDIS_CLOCK));
/** The script of each form that has a separate one, which is quicker. */
const OWN_SCRIPTS = new Map(
  ALGORITHMS.map(({ lua }) => [lua.name as string, defineScript(ownLua(REDIS_CLOCK, lua))]),
);

/** The most keys of one restoring call; the script takes a few microseconds for each. */
const KEYS_A_CALL = 100;

/** The first argument of the scripts that decide. */
type Mode = "take" | "peek" | "report";

/**
 * Counts limits in Redis. On a single primary each call is one script, which may have keys of several clients.
 * On a Redis Cluster each call is a pipeline with one script per client. Without `isCluster` the pipeline is
 * used from the first CROSSSLOT reply on; that reply means that no script has run.
 *
 * @example
 * const store = new RedisLimits(createScriptStore({ url, token }), { isCluster: false });
 */
export class RedisLimits implements LimitStore {
  readonly #redis: ScriptStore;
  #byClient: boolean;

  /** @param options.isCluster whether the store is known to be a Redis Cluster */
  constructor(redis: ScriptStore, { isCluster = false }: { readonly isCluster?: boolean } = {}) {
    this.#redis = redis;
    this.#byClient = isCluster;
  }

  consume(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#run("take", charges);
  }

  peek(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#run("peek", charges);
  }

  report(charges: readonly Charge[]): Promise<readonly Charged[]> {
    return this.#run("report", charges);
  }

  refund(taken: readonly Charged[]): Promise<number> {
    return refund(this.#redis, taken);
  }

  async restore(counts: readonly LocalCount[]): Promise<void> {
    for (let i = 0; i < counts.length; i += KEYS_A_CALL) {
      const calls = counts.slice(i, i + KEYS_A_CALL).map(restoreCall);
      await runScripts(this.#redis, RESTORE_SCRIPT, calls);
    }
  }

  async #run(mode: Mode, charges: readonly Charge[]): Promise<readonly Charged[]> {
    const since = monotonic();
    const split = () =>
      withinDeadline(this.#redis, since, checkByClient(this.#redis, mode, charges));
    if (this.#byClient) return split();
    try {
      return await checkAtOnce(this.#redis, mode, charges);
    } catch (error) {
      if (!(error instanceof StoreError) || error.reply !== "CROSSSLOT") throw error;
      this.#byClient = true;
      return split();
    }
  }
}

function restoreCall({ charge, taken }: LocalCount) {
  const pairs = taken.flatMap(({ ageMs, units }) => (units > 0 ? [ageMs, units] : []));
  return { keys: [charge.key], args: ["restore", ...argsOf([{ ...charge, cost: 0 }]), ...pairs] };
}

async function checkAtOnce(
  redis: ScriptStore,
  mode: Mode,
  charges: readonly Charge[],
): Promise<Charged[]> {
  const keys = keysOf(charges);
  const decide = () => runScript(redis, LIMIT_SCRIPT, keys, [mode, ...argsOf(charges)]);
  const own = ownScriptOf(charges);
  if (!own) return readCharged(await decide(), charges);
  const since = monotonic();
  const answer = await runScript(redis, own, keys, [mode, ...ownArgsOf(charges)]);
  const isHandedOver = answer === 0;
  return readCharged(isHandedOver ? await withinDeadline(redis, since, decide()) : answer, charges);
}

/** Returns the script of the form that all limits share, if all of them are enforced. */
function ownScriptOf(charges: readonly Charge[]): Script | undefined {
  const [first] = charges;
  const name = first && formNameOf(first.limit);
  const isAlike = ({ limit, group }: Charge) => group === DECIDING && formNameOf(limit) === name;
  return name && charges.every(isAlike) ? OWN_SCRIPTS.get(name) : undefined;
}

/**
 * Sends each client's limits in a separate script, all in one pipeline. Units that one script consumed although
 * another had no capacity are refunded in a second call. Until that call ends, a denied request has consumed
 * units: this is the only such case.
 */
async function checkByClient(
  redis: ScriptStore,
  mode: Mode,
  charges: readonly Charge[],
): Promise<readonly Charged[]> {
  const parts = partsBy(charges, ({ client }) => client);
  if (parts.length <= 1) return checkAtOnce(redis, mode, charges);
  const calls = parts.map((part) => ({ keys: keysOf(part), args: [mode, ...argsOf(part)] }));
  const answers = await runScripts(redis, LIMIT_SCRIPT, calls);
  const checked = parts.map((part, i) => readPart(answers[i], part));
  const failed = checked.find((part) => part instanceof Error);
  const charged = checked.filter((part): part is Charged[] => !(part instanceof Error));
  const tooMuch = mode === "take" ? takenInVain(charged, failed !== undefined) : [];
  if (tooMuch.length > 0) await refund(redis, tooMuch).catch(() => 0);
  if (failed instanceof Error) throw failed;
  return inOrder(charges, charged.flat(), new Set(tooMuch));
}

/**
 * Returns the charges that some scripts consumed and that must be refunded, because another script denied or
 * failed.
 */
function takenInVain(parts: readonly (readonly Charged[])[], hasFailed: boolean): Charged[] {
  const kept = new Set(hasFailed ? [] : takenOf(parts.flat()));
  return parts.flatMap((part) => takenOf(part)).filter((each) => !kept.has(each));
}

/** Returns the answer of one client's script, or its error, so that the other scripts can still be refunded. */
function readPart(answer: unknown, part: readonly Charge[]): Charged[] | Error {
  if (answer instanceof Error) return answer;
  try {
    return readCharged(answer, part);
  } catch (error) {
    return error instanceof Error ? error : new Error("unreadable", { cause: error });
  }
}

/** Returns the limits in the order of the charges, after the refund. Their resets are those from before it. */
function inOrder(
  charges: readonly Charge[],
  charged: readonly Charged[],
  refunded: ReadonlySet<Charged>,
): Charged[] {
  const byCharge = new Map(charged.map((each) => [each.charge, each]));
  return charges.flatMap((charge) => {
    const each = byCharge.get(charge);
    if (!each || !refunded.has(each)) return each ?? [];
    const remaining = each.status.remaining + charge.cost;
    return { ...each, status: { ...each.status, remaining } };
  });
}

/** Refunds consumed charges, and returns the units. */
async function refund(redis: ScriptStore, taken: readonly Charged[]): Promise<number> {
  // One script per client and moment: these keys are always in one slot of a cluster.
  const calls = partsBy(taken, ({ charge, at }) => `${charge.client} ${at}`).map((part) => {
    const charges = part.map(({ charge }) => charge);
    return { keys: keysOf(charges), args: [part[0]?.at ?? 0, ...argsOf(charges)] };
  });
  const answers = await runScripts(redis, REFUND_SCRIPT, calls);
  const failed = answers.find((answer) => answer instanceof Error);
  if (failed instanceof Error) throw failed;
  return answers.reduce<number>((total, answer) => total + Number(answer), 0);
}

/** Map.groupBy would do the same, but the edge runtime of Node 20 does not have it. */
function partsBy<T>(items: readonly T[], nameOf: (item: T) => string): T[][] {
  const parts = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    parts.set(name, [...(parts.get(name) ?? []), item]);
  }
  return [...parts.values()];
}

function keysOf(charges: readonly Charge[]): string[] {
  return charges.map(({ key }) => key);
}
