import { type Clock, monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/core/events";
import { isScript } from "#lib/redis/breaker";
import { asStoreError, errorIn, type StoreError } from "#lib/redis/errors";
import { commandNames, nameOf } from "#lib/redis/protocol";
import type { Requester, UpstashRequest, UpstashResponse } from "#lib/redis/upstash-protocol";
import { composed } from "./composed.ts";
import { readEntries, sendAll } from "./document.ts";
import { type Entry, MOST_WITH_MODES } from "./entry.ts";
import type { CaughtUp, InForce, Live, LiveParts } from "./in-force.ts";
import { type ControlKeys, controlKeys } from "./keys.ts";
import type { Held } from "./tuning.ts";

/** So often at most is the document's version read, in milliseconds. */
const EVERY_MS = 2000;

/** A load that has not ended by then has lost its request, in milliseconds. */
const GIVEN_UP_MS = 10_000;

/** Entries that cannot be used are named up to this number. */
const MOST_NAMED = 10;

/**
 * Follows what is set while the app runs: blocks, allow lists, overrides and modes in the control document of
 * the gate's namespace. A call of the gate reads the document's version along, at most once in two seconds; a
 * changed document is loaded after the response, and holds from the next request on. While the store
 * is unavailable the last document holds.
 *
 * @example
 * export const gate = createHeadgate(policy, () => ({ ...fromEnv(), live }));
 */
export function live(on: LiveParts): Live {
  return new Following(on);
}

class Following implements Live {
  readonly #on: LiveParts;
  readonly #keys: ControlKeys;
  readonly #clock: Clock;
  #inForce: InForce | undefined;
  /** The version of the document that is in force; empty where nothing was ever set. */
  #loaded = "";
  /** The version that was read last. */
  #heard = "";
  /** Why the version could not be read along with a check; undefined once that is reported. */
  #refusal: StoreError | undefined;
  #askedAt = -Infinity;
  /** Nothing is loaded before then: something is being loaded, or the store has just failed. */
  #busyUntil = -Infinity;
  /** Resets that are known already, by the ids of their entries. */
  #resets: ReadonlySet<string> = new Set();
  /** Entries that cannot be used, by their ids, as they were told of. */
  #told: ReadonlySet<string> = new Set();

  constructor(on: LiveParts) {
    this.#on = on;
    this.#keys = controlKeys(on.keys);
    this.#clock = on.clock ?? monotonic;
  }

  inForce(): InForce | undefined {
    return this.#inForce;
  }

  reading(requester: Requester): Requester {
    return {
      request: (asked) =>
        this.#readsWith(asked) ? this.#readAlong(requester, asked) : requester.request(asked),
    };
  }

  due(): (() => Promise<CaughtUp>) | undefined {
    const now = this.#clock();
    const isAsking = now - this.#askedAt >= EVERY_MS;
    const isWork = isAsking || this.#heard !== this.#loaded || this.#refusal;
    if (!isWork || now < this.#busyUntil) return undefined;
    this.#busyUntil = now + GIVEN_UP_MS;
    if (isAsking) this.#askedAt = now;
    return () => this.#catchUp(isAsking);
  }

  /** A script, alone or in a pipeline, when it is time: what handlers keep themselves is sent as it is. */
  #readsWith(asked: UpstashRequest): boolean {
    if (this.#clock() - this.#askedAt < EVERY_MS) return false;
    const { path = ["pipeline"] } = asked;
    return path[0] === "pipeline" && isScript(commandNames(asked)[0] ?? "");
  }

  /** Sends a call with one command more, which reads the version. */
  async #readAlong<Result>(
    requester: Requester,
    { path, body }: UpstashRequest,
  ): Promise<UpstashResponse<Result>> {
    this.#askedAt = this.#clock();
    const own = (path ? body : [body]) as readonly unknown[];
    const asked = { path: ["pipeline"], body: [...own, ["GET", this.#keys.version]] };
    const answers: unknown = await requester.request(asked);
    if (!Array.isArray(answers)) return answers as UpstashResponse<Result>;
    this.#hear(answers[own.length]);
    if (path) return answers.slice(0, own.length) as unknown as UpstashResponse<Result>;
    const error = errorIn(nameOf(body), answers[0]);
    if (error) throw error;
    return answers[0] as UpstashResponse<Result>;
  }

  #hear(answer: unknown): void {
    this.#refusal = errorIn("GET", answer);
    if (!this.#refusal) this.#heard = versionIn((answer as UpstashResponse<unknown>).result);
  }

  /** @param isAsking whether the version is to be read too */
  async #catchUp(isAsking: boolean): Promise<CaughtUp> {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    try {
      if (refusal) throw refusal;
      if (isAsking) {
        const [version] = await sendAll(this.#on.requester, ["GET", this.#keys.version]);
        this.#heard = versionIn(version);
      }
      const found = this.#heard === this.#loaded ? NOTHING : await this.#load(this.#heard);
      this.#busyUntil = -Infinity;
      return found;
    } catch (error) {
      this.#busyUntil = this.#clock() + EVERY_MS;
      return { resets: [], failures: [failure(asStoreError(error))] };
    }
  }

  async #load(version: string): Promise<CaughtUp> {
    const { requester, keyedHash, previousHash, ipv6Prefix } = this.#on;
    const bad: string[] = [];
    const entries: (readonly [string, Held<Entry>])[] = [];
    for (const [id, entry] of await readEntries(requester, this.#keys.entries, this.#clock)) {
      if (entry) entries.push([id, entry]);
      else bad.push(id);
    }
    const known = this.#resets;
    const resets = entries.filter(([, { kind }]) => kind === "reset");
    const hashes = previousHash ? [keyedHash, previousHash] : [keyedHash];
    const { inForce, strange } = composed(entries, { hashes, ipv6Prefix, clock: this.#clock });
    this.#inForce = inForce;
    this.#resets = new Set(resets.map(([id]) => id));
    this.#loaded = version;
    const fresh = resets.filter(([id]) => !known.has(id));
    const all = [...bad, ...strange];
    const told = this.#told;
    this.#told = new Set(all);
    const untold = all.filter((id) => !told.has(id));
    return {
      resets: fresh.flatMap(([, entry]) => (entry.kind === "reset" ? entry.keys : [])),
      failures: untold.length > 0 ? [failure(badEntries(untold))] : [],
    };
  }
}

const NOTHING: CaughtUp = { resets: [], failures: [] };

/** Returns a version as the store holds it; empty where nothing is set. */
function versionIn(result: unknown): string {
  return typeof result === "string" ? result : "";
}

function failure(error: HeadgateError): HeadgateEvent {
  return { kind: "failure", during: "control", error };
}

function badEntries(ids: readonly string[]): HeadgateError {
  const named = ids.slice(0, MOST_NAMED).map((id) => id.slice(0, 64));
  return new HeadgateError(
    "CONTROL_BAD_ENTRY",
    `Entries of the control document cannot be used, and are passed over (${ids.length}): ${named.join(", ")}. They cannot be read, were made with another HEADGATE_SECRET, or come after ${MOST_WITH_MODES} others. Set them again, or remove them.`,
  );
}
