import { StoreError } from "#lib/redis/errors";
import { runOwned, runScripts } from "#lib/redis/script";
import { type Effect, effectCall } from "./effect.ts";
import { badArgument, checkKey } from "./options.ts";
import type { DedupOptions } from "./parts.ts";
import { openResult, sealResult } from "./result.ts";
import { CLAIM, COMMIT, RELEASE } from "./scripts.ts";
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
      /** Milliseconds until its lease ends: the latest that another claim may succeed. */
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
   * @param result what JSON can say, in 1,048,576 characters at most
   * @param effect happens with the commit, or not at all
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   * @throws {StoreError} where nobody knows whether it is committed; it may be said again
   */
  commit: (token: ClaimToken, result?: unknown, effect?: Effect) => Promise<boolean>;
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
  const { redis, keys, pseudonym, onFailure } = parts;

  async function claimMany(given: readonly string[], options: ClaimOptions): Promise<Claim[]> {
    checkKeys(given);
    const terms = readTerms(options, pseudonym);
    const names = given.map((key) => keys.event(pseudonym("event", key)));
    const claims = await claimEach([...new Set(names)], terms, options);
    const taken = new Set<string>();
    return names.map((name) => {
      const claim = claims.get(name) ?? duplicateOf(terms);
      if (claim.state !== "first") return claim;
      if (taken.has(name)) return duplicateOf(terms);
      taken.add(name);
      return claim;
    });
  }

  async function claimEach(
    names: readonly string[],
    terms: Terms,
    { onStoreFailure = "open" }: ClaimOptions,
  ): Promise<ReadonlyMap<string, Claim>> {
    const answers = await askFor(names, terms);
    const failed = answers.find((answer) => answer instanceof Error);
    if (failed) onFailure("claiming an event", failed);
    const claims = names.map(async (name, i): Promise<readonly [string, Claim]> => {
      const token = { ...terms, name };
      const answer = answers[i];
      if (Array.isArray(answer)) return [name, await readClaim(answer, token)];
      // It may be claimed without our knowing, so that it can be given up all the same.
      if (onStoreFailure === "open") return [name, { state: "first", token, isCertain: false }];
      return [name, inProgress(UNKNOWN_RETRY_MS, false)];
    });
    return new Map(await Promise.all(claims));
  }

  /** What the script answers of each name, or why it does not. */
  async function askFor(names: readonly string[], terms: Terms): Promise<readonly unknown[]> {
    const { owner, lease, window, maxAge, payload } = terms;
    const args = [owner, lease, window, maxAge, payload];
    if (names.length === 0) return [];
    try {
      const answers = await runOwned(redis, CLAIM, [...names], args);
      return inPairs(answers, names.length);
    } catch (error) {
      if (names.length === 1 || !isCrossSlot(error)) return names.map(() => error);
    }
    // On a cluster each key may be in another place: as many scripts, still in one round trip.
    const calls = names.map((name) => ({ keys: [name], args }));
    return runScripts(redis, CLAIM, calls).catch((error: unknown) => names.map(() => error));
  }

  async function readClaim([code, detail]: readonly unknown[], token: ClaimToken): Promise<Claim> {
    if (code === FIRST) return { state: "first", token, isCertain: true };
    if (code === IN_PROGRESS) return inProgress(Number(detail), true);
    if (code !== DUPLICATE) return { state: "other-payload" };
    return { state: "duplicate", result: await openResult(parts, String(detail), token.name) };
  }

  return {
    claimMany,
    async claim(key, options) {
      const [claim] = await claimMany([key], options);
      return claim ?? { state: "duplicate", result: undefined };
    },
    async commit(token, result, effect = {}) {
      const { name, owner, window, maxAge, payload } = token;
      const sealed = await sealResult(parts, result, name);
      const call = effectCall(effect);
      const args = [owner, window, maxAge, payload, sealed, ...call.args];
      return (await runOwned(redis, COMMIT, [name, ...call.keys], args)) === 1;
    },
    async release({ name, owner, lease }) {
      try {
        return (await runOwned(redis, RELEASE, [name], [owner, lease > 0 ? "c" : "d"])) === 1;
      } catch (error) {
        onFailure("giving up an event", error);
        return false;
      }
    },
  };
}

/** @throws {StoreError} STORE_BAD_ANSWER */
function inPairs(answers: unknown, count: number): (readonly unknown[])[] {
  if (!Array.isArray(answers) || answers.length !== count * 2) {
    throw new StoreError("STORE_BAD_ANSWER", "A claim's answer is not what its script answers.");
  }
  return Array.from({ length: count }, (_, i) => answers.slice(i * 2, i * 2 + 2));
}

/** What the second of one key is in a call. */
function duplicateOf({ lease }: Terms): Claim {
  return lease > 0 ? inProgress(lease, true) : { state: "duplicate", result: undefined };
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
