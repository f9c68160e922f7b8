import { monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/core/events";
import { asStoreError, errorIn } from "#lib/redis/errors";
import { nameOf } from "#lib/redis/protocol";
import type { Requester, UpstashRequest, UpstashResponse } from "#lib/redis/upstash-protocol";
import { composed } from "./composed.ts";
import { readEntries, sendAll } from "./document.ts";
import { type Entry, MOST_ENTRIES } from "./entry.ts";
import type { CaughtUp, InForce, Live, LiveParts } from "./in-force.ts";
import { type ControlKeys, controlKeys } from "./keys.ts";
import type { Held } from "./tuning.ts";

/** So often at most is the document's version read, in milliseconds. */
const EVERY_MS = 2000;

/** Of so many entries that cannot be used it is told at one time: after a change of the secret all may be such. */
const MOST_TOLD = 20;

/** A reading that has not ended by then has lost its request, in milliseconds. */
const GIVEN_UP_MS = 10_000;

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
  #inForce: InForce | undefined;
  /** The version of the document that is in force; empty where nothing was ever set. */
  #loaded = "";
  /** The version that was read last. */
  #heard = "";
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
  }

  inForce(): InForce | undefined {
    return this.#inForce;
  }

  reading(requester: Requester): Requester {
    const request = async <Result>(asked: UpstashRequest) => {
      if (!this.#readsWith(asked)) return requester.request<Result>(asked);
      this.#askedAt = monotonic();
      const isOne = asked.path === undefined;
      const own: readonly unknown[] = isOne ? [asked.body] : (asked.body as readonly unknown[]);
      const body = [...own, ["GET", this.#keys.version]];
      const answers: unknown = await requester.request({ path: ["pipeline"], body });
      if (!Array.isArray(answers)) return answers as UpstashResponse<Result>;
      this.#hear(answers.at(-1));
      if (!isOne) return answers.slice(0, -1) as unknown as UpstashResponse<Result>;
      const error = errorIn(nameOf(asked.body), answers[0]);
      if (error) throw error;
      return answers[0] as UpstashResponse<Result>;
    };
    return { request };
  }

  due(): (() => Promise<CaughtUp>) | undefined {
    const now = monotonic();
    const isNew = this.#heard !== this.#loaded;
    if (now < this.#busyUntil || (!isNew && now - this.#askedAt < EVERY_MS)) return undefined;
    this.#busyUntil = now + GIVEN_UP_MS;
    if (!isNew) this.#askedAt = now;
    return () => this.#catchUp();
  }

  /** A script of the gate, alone or in a pipeline, when it is time. */
  #readsWith({ path, body, isStreaming }: UpstashRequest): boolean {
    if (isStreaming || !Array.isArray(body) || monotonic() - this.#askedAt < EVERY_MS) return false;
    return path === undefined || path[0] === "pipeline";
  }

  #hear(answer: unknown): void {
    const { result } = (answer ?? {}) as UpstashResponse<unknown>;
    if (result === null || typeof result === "string") this.#heard = result ?? "";
  }

  async #catchUp(): Promise<CaughtUp> {
    try {
      if (this.#heard === this.#loaded) {
        const [version] = await sendAll(this.#on.requester, ["GET", this.#keys.version]);
        this.#heard = typeof version === "string" ? version : "";
      }
      const version = this.#heard;
      const found = version === this.#loaded ? NOTHING : await this.#load(version);
      this.#busyUntil = -Infinity;
      return found;
    } catch (error) {
      this.#busyUntil = monotonic() + EVERY_MS;
      return { resets: [], failures: [failure(asStoreError(error))] };
    }
  }

  async #load(version: string): Promise<CaughtUp> {
    const { requester, keyedHash, previousHash } = this.#on;
    const bad: string[] = [];
    const entries: (readonly [string, Held<Entry>])[] = [];
    for (const [id, entry] of await readEntries(requester, this.#keys.entries)) {
      if (entry) entries.push([id, entry]);
      else bad.push(id);
    }
    const known = this.#resets;
    const resets = entries.filter(([, { kind }]) => kind === "reset");
    const hashes = previousHash ? [keyedHash, previousHash] : [keyedHash];
    const { inForce, strange } = composed(entries, hashes);
    this.#inForce = inForce;
    this.#resets = new Set(resets.map(([id]) => id));
    this.#loaded = version;
    const fresh = resets.filter(([id]) => !known.has(id));
    const all = [...bad, ...strange];
    const told = this.#told;
    this.#told = new Set(all);
    const untold = all.filter((id) => !told.has(id)).slice(0, MOST_TOLD);
    return {
      resets: fresh.flatMap(([, entry]) => (entry.kind === "reset" ? entry.keys : [])),
      failures: untold.map((id) => failure(badEntry(id), id)),
    };
  }
}

const NOTHING: CaughtUp = { resets: [], failures: [] };

function failure(error: HeadgateError, name?: string): HeadgateEvent {
  return { kind: "failure", during: "control", ...(name !== undefined && { name }), error };
}

function badEntry(id: string): HeadgateError {
  return new HeadgateError(
    "CONTROL_BAD_ENTRY",
    `The entry ${id.slice(0, 64)} of the control document cannot be used, and is passed over: it cannot be read, was made with another HEADGATE_SECRET, or comes after ${MOST_ENTRIES} others. Set it again, or remove it.`,
  );
}
