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

/** The shortest time between two reads of the document's version, in milliseconds. */
const EVERY_MS = 2000;

/** A load that takes longer was stopped with its request, in milliseconds. */
const GIVEN_UP_MS = 10_000;

/** The most unusable entries that are named. */
const MOST_NAMED = 10;

/**
 * Follows what is set while the app runs: blocks, allow lists, overrides and modes in the control document of
 * the gate's namespace. A call of the gate also reads the document's version, at most once in two seconds. A
 * changed document is loaded after the response, and applies from the next request on. While the store is
 * unavailable, the last document applies.
 *
 * @example
 * export const gate = createHeadgate(policy, () => ({ ...fromEnv(), live }));
 */
export function live(on: LiveParts): Live {
  return new LiveControl(on);
}

class LiveControl implements Live {
  readonly #on: LiveParts;
  readonly #keys: ControlKeys;
  readonly #clock: Clock;
  #inForce: InForce | undefined;
  /** The version of the document in force; empty when nothing was ever set. */
  #loaded = "";
  /** The version that was read last. */
  #lastRead = "";
  /** Why the version could not be read along with a check; undefined once that is reported. */
  #refusal: StoreError | undefined;
  #requestedAt = -Infinity;
  /** Nothing is loaded before this time, because a load is in flight or the store has just failed. */
  #busyUntil = -Infinity;
  /** Resets that are known already, by the ids of their entries. */
  #resets: ReadonlySet<string> = new Set();
  /** The ids of unusable entries that were reported. */
  #reported: ReadonlySet<string> = new Set();

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
      request: (request) =>
        this.#readsWith(request) ? this.#readAlong(requester, request) : requester.request(request),
    };
  }

  due(): (() => Promise<CaughtUp>) | undefined {
    const now = this.#clock();
    const readsVersion = now - this.#requestedAt >= EVERY_MS;
    const isWork = readsVersion || this.#lastRead !== this.#loaded || this.#refusal;
    if (!isWork || now < this.#busyUntil) return undefined;
    this.#busyUntil = now + GIVEN_UP_MS;
    if (readsVersion) this.#requestedAt = now;
    return () => this.#catchUp(readsVersion);
  }

  /**
   * Returns true for a script, alone or in a pipeline, when the version is due. Other calls of handlers are
   * sent unchanged.
   */
  #readsWith(request: UpstashRequest): boolean {
    if (this.#clock() - this.#requestedAt < EVERY_MS) return false;
    const { path = ["pipeline"] } = request;
    return path[0] === "pipeline" && isScript(commandNames(request)[0] ?? "");
  }

  /** Sends a call with one more command, which reads the version. */
  async #readAlong<Result>(
    requester: Requester,
    { path, body }: UpstashRequest,
  ): Promise<UpstashResponse<Result>> {
    this.#requestedAt = this.#clock();
    const own = (path ? body : [body]) as readonly unknown[];
    const request = { path: ["pipeline"], body: [...own, ["GET", this.#keys.version]] };
    const answers: unknown = await requester.request(request);
    if (!Array.isArray(answers)) return answers as UpstashResponse<Result>;
    this.#receive(answers[own.length]);
    if (path) return answers.slice(0, own.length) as unknown as UpstashResponse<Result>;
    const error = errorIn(nameOf(body), answers[0]);
    if (error) throw error;
    return answers[0] as UpstashResponse<Result>;
  }

  #receive(answer: unknown): void {
    this.#refusal = errorIn("GET", answer);
    if (!this.#refusal) this.#lastRead = versionIn((answer as UpstashResponse<unknown>).result);
  }

  /** @param readsVersion whether the version must be read too */
  async #catchUp(readsVersion: boolean): Promise<CaughtUp> {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    try {
      if (refusal) throw refusal;
      if (readsVersion) {
        const [version] = await sendAll(this.#on.requester, ["GET", this.#keys.version]);
        this.#lastRead = versionIn(version);
      }
      const found = this.#lastRead === this.#loaded ? NOTHING : await this.#load(this.#lastRead);
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
    const reported = this.#reported;
    this.#reported = new Set(all);
    const unreported = all.filter((id) => !reported.has(id));
    return {
      resets: fresh.flatMap(([, entry]) => (entry.kind === "reset" ? entry.keys : [])),
      failures: unreported.length > 0 ? [failure(badEntries(unreported))] : [],
    };
  }
}

const NOTHING: CaughtUp = { resets: [], failures: [] };

/** Returns the version from the store; empty when nothing is set. */
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
    `Entries of the control document cannot be used, and are ignored (${ids.length}): ${named.join(", ")}. They cannot be read, were made with another HEADGATE_SECRET, or come after ${MOST_WITH_MODES} others. Set them again, or remove them.`,
  );
}
