import { monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/core/events";
import { asStoreError, errorIn } from "#lib/redis/errors";
import { nameOf } from "#lib/redis/protocol";
import type { Requester, UpstashRequest, UpstashResponse } from "#lib/redis/upstash-protocol";
import { type Entry, MOST_ENTRIES, readEntry } from "./entry.ts";
import type { CaughtUp, InForce, Live, LiveParts } from "./in-force.ts";
import { type ControlKeys, controlKeys, markOf } from "./keys.ts";
import { ClientLists, type Listing } from "./lists.ts";
import { type Held, Tuning } from "./tuning.ts";

/** So often at most is the document's version read, in milliseconds. */
const EVERY_MS = 2000;

/** A reading that has not ended by then has lost its request, in milliseconds. */
const GIVEN_UP_MS = 10_000;

/** Entries that are asked for in one call. */
const PAGE = 1000;

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
        const [version] = await this.#send(["GET", this.#keys.version]);
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
    const { entries, bad } = await this.#readAll();
    const known = this.#resets;
    const resets = [...entries].filter(([, { kind }]) => kind === "reset");
    this.#inForce = this.#inForceOf(entries, bad);
    this.#resets = new Set(resets.map(([id]) => id));
    this.#loaded = version;
    const fresh = resets.filter(([id]) => !known.has(id));
    return {
      resets: fresh.flatMap(([, entry]) => (entry.kind === "reset" ? entry.keys : [])),
      failures: bad.map((id) => failure(badEntry(id), id)),
    };
  }

  /** Reads the document page by page, so that each call is short. */
  async #readAll() {
    const entries = new Map<string, Held<Entry>>();
    const bad: string[] = [];
    let cursor = "0";
    do {
      const [time, page] = await this.#send(["TIME"], scan(this.#keys.entries, cursor));
      const [seconds, micros] = time as readonly string[];
      const ahead = monotonic() - Number(seconds) * 1000 - Number(micros) / 1000;
      const [next, fields] = page as readonly [unknown, readonly string[]];
      cursor = String(next);
      for (let i = 0; i < fields.length; i += 2) {
        const id = fields[i] as string;
        const entry = entries.size < MOST_ENTRIES ? readEntry(fields[i + 1]) : undefined;
        if (entry) entries.set(id, { ...entry, endsAt: entry.until + ahead });
        else bad.push(id);
      }
    } while (cursor !== "0");
    return { entries, bad };
  }

  #inForceOf(entries: ReadonlyMap<string, Held<Entry>>, bad: string[]): InForce | undefined {
    const { keyedHash, previousHash } = this.#on;
    const hashes = previousHash ? [keyedHash, previousHash] : [keyedHash];
    const marks = new Set(hashes.map(markOf));
    const listings: Listing[] = [];
    const modes = [];
    const overrides = [];
    for (const [id, entry] of entries) {
      const secret = "secret" in entry ? entry.secret : undefined;
      if (secret !== undefined && !marks.has(secret)) bad.push(id);
      else if (entry.kind === "mode") modes.push(entry);
      else if (entry.kind === "override") overrides.push(entry);
      else if (entry.kind !== "reset") listings.push(listingOf(id, entry));
    }
    if (listings.length + modes.length + overrides.length === 0) return undefined;
    const lists = listings.length > 0 ? new ClientLists(listings, hashes) : undefined;
    return new Tuning({ lists, modes, overrides, hashes });
  }

  /** Sends commands, and returns their results in order. */
  async #send(...commands: readonly Command[]): Promise<readonly unknown[]> {
    const answers: unknown = await this.#on.requester.request({
      path: ["pipeline"],
      body: commands,
    });
    return commands.map((command, i) => {
      const answer = Array.isArray(answers) ? (answers[i] as unknown) : undefined;
      const error = errorIn(String(command[0]), answer);
      if (error) throw error;
      return (answer as UpstashResponse<unknown>).result;
    });
  }
}

type Command = readonly (string | number)[];

const NOTHING: CaughtUp = { resets: [], failures: [] };

function scan(key: string, cursor: string): Command {
  return ["HSCAN", key, cursor, "COUNT", PAGE];
}

function listingOf(
  id: string,
  entry: Held<Extract<Entry, { readonly kind: "allow" | "block" }>>,
): Listing {
  const whom = "network" in entry ? entry.network : { identity: entry.identity, key: entry.client };
  return { list: entry.kind, id, until: entry.endsAt, whom };
}

function failure(error: HeadgateError, name?: string): HeadgateEvent {
  return { kind: "failure", during: "control", ...(name !== undefined && { name }), error };
}

function badEntry(id: string): HeadgateError {
  return new HeadgateError(
    "CONTROL_BAD_ENTRY",
    `The entry ${id.slice(0, 64)} of the control document cannot be used, and is passed over: it cannot be read, was made with another HEADGATE_SECRET, or comes after ${MOST_ENTRIES} others. Set it again, or remove it.`,
  );
}
