import { createVault } from "#lib/core/vault";
import { StoreError } from "#lib/redis/errors";
import { runScriptWithRetry, runScripts, type Script } from "#lib/redis/script";
import type { Claim, Claims, ClaimToken } from "./claim.ts";
import { type Effect, effectCall, hasEffect } from "./effect.ts";
import type { Duration } from "#lib/core/duration";
import { badArgument, checkKey, readDuration } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { openResult, type ResultParts, sealResult } from "./result.ts";
import { CLAIM, COMMIT, EXTEND, RELEASE } from "./scripts.ts";
import { type ClaimOptions, readTerms, type Terms } from "./terms.ts";

const MAX_KEYS = 1000;

/** How long a client should wait when the store fails, so that the state of the claim is unknown. */
const UNKNOWN_RETRY_MS = 1000;

/** The codes that the claim script returns for a key. */
const FIRST = 0;
const DUPLICATE = 1;
const IN_PROGRESS = 2;

export function createClaims(parts: DedupOptions): Claims {
  return new ClaimsInStore(parts);
}

class ClaimsInStore implements Claims {
  readonly #parts: DedupOptions;
  /** Encrypts and decrypts the kept results, and reports results that cannot be read. */
  readonly #results: ResultParts;

  constructor(parts: DedupOptions) {
    this.#parts = parts;
    this.#results = { vault: createVault(parts.secret), emit: parts.emit };
  }

  async claim(key: string, options: ClaimOptions): Promise<Claim> {
    checkKey(key);
    const terms = readTerms(options, this.#parts.keyedHash);
    const name = this.#nameOf(key, options);
    const [answer] = await this.#requestClaims([name], terms);
    return this.#report(await this.#readClaim(answer, { ...terms, name }, options));
  }

  async claimMany(given: readonly string[], options: ClaimOptions): Promise<Claim[]> {
    checkKeys(given);
    const terms = readTerms(options, this.#parts.keyedHash);
    const names = given.map((key) => this.#nameOf(key, options));
    const unique = [...new Set(names)];
    const answers = await this.#requestClaims(unique, terms);
    const answerOf = new Map(unique.map((name, i) => [name, answers[i]]));
    const taken = new Set<string>();
    const claims = await Promise.all(
      names.map(async (name) => {
        const isRepeated = taken.has(name);
        taken.add(name);
        const claim = await this.#readClaim(answerOf.get(name), { ...terms, name }, options);
        return isRepeated ? repeatedClaim(claim) : claim;
      }),
    );
    return claims.map((claim) => this.#report(claim));
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
    if (lease === 0)
      throw badArgument(
        "the claim has no lease, because it was made without one and was done at once.",
      );
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

  /** Returns the script's answer for each name, or the error of the call. */
  async #requestClaims(names: readonly string[], terms: Terms): Promise<readonly unknown[]> {
    const { owner, lease, window, maxAge, payload } = terms;
    const args = [owner, lease, window, maxAge, payload];
    if (names.length === 0) return [];
    try {
      const answers = await runScriptWithRetry(this.#parts.redis, CLAIM, [...names], args);
      return inPairs(answers, names.length);
    } catch (error) {
      if (names.length > 1 && isCrossSlot(error)) return this.#requestEach(names, args);
      this.#reportFailure(error);
      return names.map(() => error);
    }
  }

  /**
   * On a Redis Cluster each key may be in another slot: each gets a separate script, all in one round
   * trip.
   */
  async #requestEach(
    names: readonly string[],
    args: readonly (string | number)[],
  ): Promise<readonly unknown[]> {
    const calls = names.map((name) => ({ keys: [name], args }));
    try {
      const answers = await runScripts(this.#parts.redis, CLAIM, calls);
      const failed = answers.find((answer) => answer instanceof Error);
      if (failed) this.#reportFailure(failed);
      return answers;
    } catch (error) {
      this.#reportFailure(error);
      return names.map(() => error);
    }
  }

  async #readClaim(
    answer: unknown,
    token: ClaimToken,
    { onStoreFailure = "open" }: ClaimOptions,
  ): Promise<Claim> {
    if (!Array.isArray(answer)) {
      // The key may be claimed although no answer arrived: with this token it can still be released.
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

  #report(claim: Claim): Claim {
    const isCertain = "isCertain" in claim ? claim.isCertain : true;
    this.#parts.emit({ kind: "dedup", state: claim.state, isCertain });
    return claim;
  }

  #reportFailure(error: unknown): void {
    this.#parts.emit({ kind: "failure", during: "dedup-claim", error });
  }
}

/** Returns the claim of a key that stands before in the same list. */
function repeatedClaim(claim: Claim): Claim {
  if (claim.state !== "first") return claim;
  const { token, isCertain } = claim;
  if (token.lease > 0) return inProgress(token.lease, isCertain);
  return { state: "duplicate", result: undefined };
}

const NO_LEASE =
  "the claim has no lease, so it was done at once, and a result or an effect would be lost. Claim the key with a lease, or use count.";

/** @throws {StoreError} STORE_BAD_ANSWER */
function inPairs(answers: unknown, count: number): (readonly unknown[])[] {
  if (!Array.isArray(answers) || answers.length !== count * 2) {
    throw new StoreError(
      "STORE_BAD_ANSWER",
      "The store's answer to a claim script has the wrong form.",
    );
  }
  return Array.from({ length: count }, (_, i) => answers.slice(i * 2, i * 2 + 2));
}

function inProgress(retryAfterMs: number, isCertain: boolean): Claim {
  return { state: "in-progress", retryAfterMs: Math.max(1, retryAfterMs), isCertain };
}

function checkKeys(keys: readonly string[]): void {
  if (keys.length > MAX_KEYS) {
    throw badArgument(`one call may have at most ${MAX_KEYS} keys; it has ${keys.length}.`);
  }
  keys.forEach(checkKey);
}

function isCrossSlot(error: unknown): boolean {
  return error instanceof StoreError && error.reply === "CROSSSLOT";
}
