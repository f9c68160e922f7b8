import { createVault } from "#lib/core/vault";
import { StoreError } from "#lib/redis/errors";
import { runScriptWithRetry, runScripts, type Script } from "#lib/redis/script";
import { type Effect, effectCall, hasEffect } from "./effect.ts";
import type { Duration } from "#lib/core/duration";
import { badArgument, checkKey, readDuration } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { openResult, type ResultParts, sealResult } from "./result.ts";
import { CLAIM, COMMIT, EXTEND, RELEASE } from "./scripts.ts";
import { type ClaimOptions, readTerms, type Terms } from "./terms.ts";

/** What commits a claim or gives it up: plain data, which another process may be given. */
export interface ClaimToken extends Terms {
  /** The claim's key in Redis. */
  readonly name: string;
}

/** What a claim came to. */
export type Claim =
  | {
      readonly state: "first";
      readonly token: ClaimToken;
      /** False where the store could not say, and `onStoreFailure` did. */
      readonly isCertain: boolean;
    }
  | {
      readonly state: "duplicate";
      /** What was kept with the commit; undefined where nothing was. */
      readonly result: unknown;
    }
  | {
      readonly state: "in-progress";
      /** Milliseconds until its lease ends, unless its owner renews it. */
      readonly retryAfterMs: number;
      /** False where the store could not say, and `onStoreFailure` did. */
      readonly isCertain: boolean;
    }
  /** The key was claimed with another payload. */
  | { readonly state: "other-payload" };

/** Claims, and what becomes of them. */
export interface Claims {
  /**
   * Claims a key: once on all instances within its window. One round trip.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  claim: (key: string, options: ClaimOptions) => Promise<Claim>;
  /**
   * Claims up to 1,000 keys in one round trip, and answers in their order. A key that is given twice
   * is the first once.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  claimMany: (keys: readonly string[], options: ClaimOptions) => Promise<Claim[]>;
  /**
   * Says that what was claimed is done; a result is kept, encrypted, for the duplicates. True also
   * where it was said before, and where the lease has ended and nobody has taken it over; false where
   * somebody else has: then they do it too, and nothing was kept or applied. One round trip.
   *
   * @param result what JSON can say, in 737,280 bytes of UTF-8 at most (720 KiB)
   * @param effect happens with the commit, or not at all; on keys of the claim's group
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   * @throws {StoreError} where nobody knows whether it is committed; it may be said again
   */
  commit: (token: ClaimToken, result?: unknown, effect?: Effect) => Promise<boolean>;
  /**
   * Begins a claim's lease anew. Returns true while the claim is this token's, also when it is
   * committed; false when its lease has ended or another caller has claimed it. One round trip.
   *
   * @param lease the claim's own by default
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT, also for a claim without a lease
   * @throws {StoreError} when the store fails or refuses
   * @example
   * while (await nextPage()) {
   *   if (!(await dedup.extend(claim.token))) break; // another process has the claim
   * }
   */
  extend: (token: ClaimToken, lease?: Duration) => Promise<boolean>;
  /**
   * Gives a claim up, so that the next who comes is the first. False where it is not this token's, or
   * is committed, or the store fails: then its lease ends it.
   */
  release: (token: ClaimToken) => Promise<boolean>;
}

const MAX_KEYS = 1000;

/** How long to wait where the store fails, and nobody knows. */
const UNKNOWN_RETRY_MS = 1000;

/** What the script says of a key. */
const FIRST = 0;
const DUPLICATE = 1;
const IN_PROGRESS = 2;

/** Makes the claims. */
export function createClaims(parts: DedupOptions): Claims {
  return new ClaimsInStore(parts);
}

class ClaimsInStore implements Claims {
  readonly #parts: DedupOptions;
  /** What seals the results that are kept, and tells of those that cannot be read. */
  readonly #results: ResultParts;

  constructor(parts: DedupOptions) {
    this.#parts = parts;
    this.#results = { vault: createVault(parts.secret), emit: parts.emit };
  }

  async claim(key: string, options: ClaimOptions): Promise<Claim> {
    checkKey(key);
    const terms = readTerms(options, this.#parts.keyedHash);
    const name = this.#nameOf(key, options);
    const [answer] = await this.#askFor([name], terms);
    return this.#told(await this.#readClaim(answer, { ...terms, name }, options));
  }

  async claimMany(given: readonly string[], options: ClaimOptions): Promise<Claim[]> {
    checkKeys(given);
    const terms = readTerms(options, this.#parts.keyedHash);
    const names = given.map((key) => this.#nameOf(key, options));
    const unique = [...new Set(names)];
    const answers = await this.#askFor(unique, terms);
    const answerOf = new Map(unique.map((name, i) => [name, answers[i]]));
    const taken = new Set<string>();
    const claims = await Promise.all(
      names.map(async (name) => {
        const isSecond = taken.has(name);
        taken.add(name);
        const claim = await this.#readClaim(answerOf.get(name), { ...terms, name }, options);
        return isSecond ? secondOf(claim) : claim;
      }),
    );
    return claims.map((claim) => this.#told(claim));
  }

  async commit(token: ClaimToken, result?: unknown, effect: Effect = {}): Promise<boolean> {
    const { name, owner, lease, window, maxAge, payload } = token;
    if (lease === 0 && (result !== undefined || hasEffect(effect))) throw badArgument(NO_LEASE);
    const sealed = await sealResult(this.#results, result, name);
    const call = effectCall(effect);
    const args = [owner, window, maxAge, payload, sealed, ...call.args];
    return this.#run(COMMIT, [name, ...call.keys], args);
  }

  async extend({ name, owner, lease }: ClaimToken, given?: Duration): Promise<boolean> {
    if (lease === 0) throw badArgument("the claim has no lease: it was done at once.");
    const ms = given === undefined ? lease : readDuration("lease", given);
    return this.#run(EXTEND, [name], [owner, ms]);
  }

  async release({ name, owner, lease }: ClaimToken): Promise<boolean> {
    try {
      return await this.#run(RELEASE, [name], [owner, lease > 0 ? "c" : "d"]);
    } catch (error) {
      this.#parts.emit({ kind: "failure", during: "dedup-release", error });
      return false;
    }
  }

  #nameOf(key: string, { group }: ClaimOptions): string {
    const { keys, keyedHash } = this.#parts;
    return keys.event(keyedHash("event", key), group);
  }

  /** Of each name what the script answers, or why it does not. */
  async #askFor(names: readonly string[], terms: Terms): Promise<readonly unknown[]> {
    const { owner, lease, window, maxAge, payload } = terms;
    const args = [owner, lease, window, maxAge, payload];
    if (names.length === 0) return [];
    try {
      const answers = await runScriptWithRetry(this.#parts.redis, CLAIM, [...names], args);
      return inPairs(answers, names.length);
    } catch (error) {
      if (names.length > 1 && isCrossSlot(error)) return this.#askEach(names, args);
      this.#failed(error);
      return names.map(() => error);
    }
  }

  /** On a cluster each key may be in another place: as many scripts, still in one round trip. */
  async #askEach(
    names: readonly string[],
    args: readonly (string | number)[],
  ): Promise<readonly unknown[]> {
    const calls = names.map((name) => ({ keys: [name], args }));
    try {
      const answers = await runScripts(this.#parts.redis, CLAIM, calls);
      const failed = answers.find((answer) => answer instanceof Error);
      if (failed) this.#failed(failed);
      return answers;
    } catch (error) {
      this.#failed(error);
      return names.map(() => error);
    }
  }

  async #readClaim(
    answer: unknown,
    token: ClaimToken,
    { onStoreFailure = "open" }: ClaimOptions,
  ): Promise<Claim> {
    if (!Array.isArray(answer)) {
      // It may be claimed without our knowing, so that it can be given up all the same.
      return onStoreFailure === "open"
        ? { state: "first", token, isCertain: false }
        : inProgress(UNKNOWN_RETRY_MS, false);
    }
    const [code, detail] = answer as readonly unknown[];
    if (code === FIRST) return { state: "first", token, isCertain: true };
    if (code === IN_PROGRESS) return inProgress(Number(detail), true);
    if (code !== DUPLICATE) return { state: "other-payload" };
    return { state: "duplicate", result: await openResult(this.#results, detail, token.name) };
  }

  async #run(script: Script, names: string[], args: (string | number)[]): Promise<boolean> {
    return (await runScriptWithRetry(this.#parts.redis, script, names, args)) === 1;
  }

  #told(claim: Claim): Claim {
    const isCertain = "isCertain" in claim ? claim.isCertain : true;
    this.#parts.emit({ kind: "dedup", state: claim.state, isCertain });
    return claim;
  }

  #failed(error: unknown): void {
    this.#parts.emit({ kind: "failure", during: "dedup-claim", error });
  }
}

/** What a key is that was given before in the same call. */
function secondOf(claim: Claim): Claim {
  if (claim.state !== "first") return claim;
  const { token, isCertain } = claim;
  if (token.lease > 0) return inProgress(token.lease, isCertain);
  return { state: "duplicate", result: undefined };
}

const NO_LEASE =
  "the claim has no lease, so that it was done at once: a result or an effect would be lost. Claim it with a lease, or use count.";

/** @throws {StoreError} STORE_BAD_ANSWER */
function inPairs(answers: unknown, count: number): (readonly unknown[])[] {
  if (!Array.isArray(answers) || answers.length !== count * 2) {
    throw new StoreError("STORE_BAD_ANSWER", "A claim's answer is not what its script answers.");
  }
  return Array.from({ length: count }, (_, i) => answers.slice(i * 2, i * 2 + 2));
}

function inProgress(retryAfterMs: number, isCertain: boolean): Claim {
  return { state: "in-progress", retryAfterMs: Math.max(1, retryAfterMs), isCertain };
}

function checkKeys(keys: readonly string[]): void {
  if (keys.length > MAX_KEYS) {
    throw badArgument(`${keys.length} keys in one call; allowed: up to ${MAX_KEYS}.`);
  }
  keys.forEach(checkKey);
}

function isCrossSlot(error: unknown): boolean {
  return error instanceof StoreError && error.reply === "CROSSSLOT";
}
