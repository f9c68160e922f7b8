import type { Client, KeyedHash } from "#lib/core/client";
import type { Clock } from "#lib/core/clock";
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

/** The settings of a document, in the form that requests need. */
export interface TuningParts {
  readonly lists: ClientLists | undefined;
  readonly modes: readonly Held<ModeEntry>[];
  readonly overrides: readonly Held<OverrideEntry>[];
  /** The functions that make client keys: with the secret, and with the previous secret if there is one. */
  readonly hashes: readonly KeyedHash[];
  /** The clock of the ends of entries. */
  readonly clock: Clock;
}

/** The overrides of one rule, by their clients. */
interface Overrides {
  readonly forAll: Held<OverrideEntry>[];
  readonly ofKey: Map<string, Held<OverrideEntry>[]>;
  /** The identities of their clients. */
  readonly identities: Set<string>;
}

/** The best override that was found for a limit. */
interface Best {
  readonly rank: number;
  readonly units: number;
}

/** A match with the modes that are set, and the time until which they apply. */
interface Ruled {
  readonly match: Match | undefined;
  readonly until: number;
}

/** The modes, overrides and lists of one document. */
export class Tuning implements InForce {
  readonly lists: ClientLists | undefined;
  readonly #modes: readonly Held<ModeEntry>[];
  readonly #overrides = new Map<string, Overrides>();
  readonly #hashes: readonly KeyedHash[];
  readonly #clock: Clock;
  readonly #ruled = new WeakMap<Match, Ruled>();

  constructor({ lists, modes, overrides, hashes, clock }: TuningParts) {
    this.lists = lists;
    this.#modes = modes;
    this.#hashes = hashes;
    this.#clock = clock;
    for (const override of overrides) {
      const { rule, client, identity } = override;
      const ofRule = this.#overrides.get(rule) ?? noOverrides();
      this.#overrides.set(rule, ofRule);
      if (identity !== undefined) ofRule.identities.add(identity);
      if (client === undefined) ofRule.forAll.push(override);
      else ofRule.ofKey.set(client, [...(ofRule.ofKey.get(client) ?? []), override]);
    }
  }

  get mode(): GateMode | undefined {
    return this.#modes.length > 0 ? this.#modeOf(undefined)?.mode : undefined;
  }

  ruled(match: Match): Match | undefined {
    if (this.#modes.length === 0 && this.#overrides.size === 0) return match;
    const known = this.#ruled.get(match);
    const now = this.#clock();
    if (known && now < known.until) return known.match;
    const until = Math.min(...this.#modes.map(({ endsAt }) => (now < endsAt ? endsAt : Infinity)));
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
    const now = this.#clock();
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
    const names = match?.rules.flatMap((rule) => [
      ...(this.#overrides.get(statedName(rule))?.identities ?? []),
    ]);
    if (!match || !names?.length) return match;
    const all = new Set([...match.identities, ...names]);
    all.delete("ip");
    return { ...match, identities: [...all] };
  }

  /** Returns a limit with its override applied, or an empty list when it is unlimited. */
  #tuned(limit: CompiledLimit, client: Client): CompiledLimit | readonly [] {
    const set = this.#overrides.get(limit.rule.split(":")[0] as string);
    const best = set && this.#bestOf(set, limit, client);
    if (!best) return limit;
    return best.units === Infinity ? [] : withUnits(limit, best.units);
  }

  /**
   * Returns the override that is closest to the client. Of several equally close ones, the one that allows
   * more wins.
   */
  #bestOf(set: Overrides, limit: CompiledLimit, client: Client): Best | undefined {
    const now = this.#clock();
    let best: Best | undefined;
    for (const [nearness, overrides = []] of this.#about(set, limit, client)) {
      for (const override of overrides) {
        if (now >= override.endsAt || !isFor(override, limit)) continue;
        const rank = nearness + (override.limit === undefined ? 0 : 1);
        const units = unitsOf(override, limit);
        const isBetter = !best || rank > best.rank || (rank === best.rank && units > best.units);
        if (isBetter) best = { rank, units };
      }
    }
    return best;
  }

  /** Yields the overrides of a limit that apply to a client, with their closeness to the client. */
  *#about(
    { forAll, ofKey, identities }: Overrides,
    { subject }: CompiledLimit,
    { counted, values, address }: Client,
  ): Iterable<readonly [nearness: number, overrides: readonly Held<OverrideEntry>[] | undefined]> {
    yield [1, forAll];
    // A global limit counts all clients together, so overrides of one client do not apply.
    if (subject.kind === "global") return;
    for (const name of identities) {
      const value = valueOf(name, values, address);
      if (value === undefined) continue;
      for (const hash of this.#hashes) yield [3, ofKey.get(hash(name, value))];
    }
    yield [5, ofKey.get(counted.get(subject.expression)?.key ?? "")];
  }
}

function noOverrides(): Overrides {
  return { forAll: [], ofKey: new Map(), identities: new Set() };
}

/**
 * Returns true when an override applies to a limit. A number applies only to visits, unless it names a limit
 * of prefetches.
 */
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
  // One request must fit into the limit, and the scripts count exactly only up to this product.
  return Math.min(Math.max(units, cost), Math.floor(MAX_PRODUCT / windowMs));
}

function withUnits(limit: CompiledLimit, units: number): CompiledLimit {
  const algorithm = units > largestLimitOf(limit.algorithm) ? "sliding-window" : limit.algorithm;
  return { ...limit, limit: units, algorithm };
}
