import type { Client, KeyedHash } from "#lib/core/client";
import { monotonic } from "#lib/core/clock";
import type { GateMode } from "#lib/core/mode";
import { valueOf } from "#lib/identity/identify";
import { largestLimitOf } from "#lib/limit/algorithms/all";
import { MAX_PRODUCT } from "#lib/policy/check/limit";
import { statedName } from "#lib/policy/prefetch";
import { matchOf } from "#lib/policy/select";
import type { CompiledLimit, CompiledRule, Match, RuleSet } from "#lib/policy/types";
import type { ModeEntry, OverrideEntry } from "./entry.ts";
import type { InForce } from "./in-force.ts";
import type { ClientLists } from "./lists.ts";

/** An entry, and when it ends in milliseconds of the monotonic clock. */
export type Held<Entry> = Entry & { readonly endsAt: number };

/** What a document sets, as requests meet it. */
export interface TuningParts {
  readonly lists: ClientLists | undefined;
  readonly modes: readonly Held<ModeEntry>[];
  readonly overrides: readonly Held<OverrideEntry>[];
  /** Make the client keys of the entries: by the secret, and by the one before it where there is one. */
  readonly hashes: readonly KeyedHash[];
}

/** A match with the modes that are set, for as long as they hold. */
interface Ruled {
  readonly match: Match | undefined;
  readonly until: number;
}

/** The modes, overrides and lists of one document. */
export class Tuning implements InForce {
  readonly lists: ClientLists | undefined;
  readonly #modes: readonly Held<ModeEntry>[];
  readonly #overrides = new Map<string, Held<OverrideEntry>[]>();
  readonly #hashes: readonly KeyedHash[];
  readonly #ruled = new WeakMap<Match, Ruled>();

  constructor({ lists, modes, overrides, hashes }: TuningParts) {
    this.lists = lists;
    this.#modes = modes;
    this.#hashes = hashes;
    for (const override of overrides) {
      const { rule } = override;
      this.#overrides.set(rule, [...(this.#overrides.get(rule) ?? []), override]);
    }
  }

  get mode(): GateMode | undefined {
    return this.#modeOf(undefined)?.mode;
  }

  ruled(match: Match): Match | undefined {
    const known = this.#ruled.get(match);
    const now = monotonic();
    if (known && now < known.until) return known.match;
    const modes = this.#modes.filter(({ endsAt }) => now < endsAt);
    const until = Math.min(...modes.map(({ endsAt }) => endsAt));
    const made = { match: this.#withIdentities(this.#withModes(match)), until };
    this.#ruled.set(match, made);
    return made.match;
  }

  limited(rules: RuleSet, client: Client): RuleSet {
    if (this.#overrides.size === 0) return rules;
    const tuned = (limits: readonly CompiledLimit[]) =>
      limits.flatMap((limit) => this.#tuned(limit, client));
    const limits = tuned(rules.limits);
    const shadows = rules.shadows.map((shadow) => ({ ...shadow, limits: tuned(shadow.limits) }));
    return { ...rules, limits, shadows };
  }

  #modeOf(rule: string | undefined): Held<ModeEntry> | undefined {
    const now = monotonic();
    return this.#modes.find((entry) => entry.rule === rule && now < entry.endsAt);
  }

  #withModes(match: Match): Match | undefined {
    const ruledBy = (rule: CompiledRule): CompiledRule | undefined => {
      const mode = this.#modeOf(statedName(rule))?.mode;
      if (mode === "off") return undefined;
      return mode === undefined ? rule : { ...rule, enforced: mode === "enforce" ? 100 : 0 };
    };
    const made = new Map(match.rules.map((rule) => [rule, ruledBy(rule)]));
    if (match.rules.every((rule) => made.get(rule) === rule)) return match;
    const readings = match.readings.map(({ rules, mayReplace }) => ({
      rules: rules.flatMap((rule) => made.get(rule) ?? []),
      mayReplace,
    }));
    const ruled = matchOf(readings, match.patterns);
    return ruled.rules.length > 0 ? ruled : undefined;
  }

  /** A limit may depend on an identity that no limit counts. */
  #withIdentities(match: Match | undefined): Match | undefined {
    const named = match?.rules.flatMap((rule) => this.#overrides.get(statedName(rule)) ?? []);
    if (!match || !named?.length) return match;
    const names = named.flatMap(({ identity }) => identity ?? []).filter((name) => name !== "ip");
    return { ...match, identities: [...new Set([...match.identities, ...names])] };
  }

  /** Returns a limit as overrides leave it: nothing where it is unlimited. */
  #tuned(limit: CompiledLimit, client: Client): CompiledLimit | readonly [] {
    const rule = limit.rule.split(":")[0] as string;
    const now = monotonic();
    let best: { readonly rank: number; readonly units: number } | undefined;
    for (const override of this.#overrides.get(rule) ?? []) {
      const rank =
        now < override.endsAt && isFor(override, limit) ? this.#rank(override, limit, client) : 0;
      if (rank === 0) continue;
      const units = unitsOf(override, limit);
      const isBetter = !best || rank > best.rank || (rank === best.rank && units > best.units);
      if (isBetter) best = { rank, units };
    }
    if (!best) return limit;
    return best.units === Infinity ? [] : withUnits(limit, best.units);
  }

  /** How closely an override is about a limit of this client; 0 where it is not. */
  #rank(override: OverrideEntry, { subject }: CompiledLimit, client: Client): number {
    const ofLimit = override.limit === undefined ? 0 : 1;
    const { client: key, identity } = override;
    if (key === undefined) return 1 + ofLimit;
    // All clients together have one count: it is no one client's.
    if (subject.kind === "global") return 0;
    if (client.counted.get(subject.expression)?.key === key) return 5 + ofLimit;
    const value =
      identity === undefined ? undefined : valueOf(identity, client.values, client.address);
    const isOfClient =
      identity !== undefined &&
      value !== undefined &&
      this.#hashes.some((hash) => hash(identity, value) === key);
    return isOfClient ? 3 + ofLimit : 0;
  }
}

/** A number is for visits alone; a limit of prefetches may be named by itself. */
function isFor(
  { limit, to, rule }: OverrideEntry,
  { policyName, rule: own }: CompiledLimit,
): boolean {
  if (limit !== undefined) return limit === policyName;
  return typeof to !== "number" || own === rule;
}

function unitsOf({ to }: OverrideEntry, { limit, windowMs, cost }: CompiledLimit): number {
  if (to === "unlimited") return Infinity;
  const units = typeof to === "number" ? to : Math.floor(limit * to.times);
  // A request must be able to pass, and the scripts count exactly up to the product.
  return Math.min(Math.max(units, cost), Math.floor(MAX_PRODUCT / windowMs));
}

function withUnits(limit: CompiledLimit, units: number): CompiledLimit {
  const algorithm = units > largestLimitOf(limit.algorithm) ? "sliding-window" : limit.algorithm;
  return { ...limit, limit: units, algorithm };
}
