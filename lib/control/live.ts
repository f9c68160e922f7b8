import { type Clock, monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/core/events";
import { isScript } from "#lib/redis/breaker";
import { asStoreError, errorIn, type StoreError } from "#lib/redis/errors";
import { commandNames, nameOf } from "#lib/redis/protocol";
import type { Requester, UpstashRequest, UpstashResponse } from "#lib/redis/upstash-protocol";
import { type Entry, MOST_ENTRIES, readEntry } from "./entry.ts";
import type { CaughtUp, InForce, Live, LiveParts } from "./in-force.ts";
import { type ControlKeys, controlKeys, markOf } from "./keys.ts";
import { ClientLists, type Listing } from "./lists.ts";
import { countedNetwork } from "./policy-lists.ts";
import { type Held, Tuning } from "./tuning.ts";

/** So often at most is the document's version read, in milliseconds. */
const EVERY_MS = 2000;

/** A load that has not ended by then has lost its request, in milliseconds. */
const GIVEN_UP_MS = 10_000;

/** Entries that are asked for in one call. */
const PAGE = 1000;

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
      if (isAsking) this.#heard = versionIn((await this.#send(["GET", this.#keys.version]))[0]);
      const found = this.#heard === this.#loaded ? NOTHING : await this.#load(this.#heard);
      this.#busyUntil = -Infinity;
      return found;
    } catch (error) {
      this.#busyUntil = this.#clock() + EVERY_MS;
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
      failures: bad.size > 0 ? [failure(badEntries([...bad]))] : [],
    };
  }

  /** Reads the document page by page, so that each call is short; no more of it than a document may have. */
  async #readAll() {
    const entries = new Map<string, Held<Entry>>();
    const bad = new Set<string>();
    let cursor = "0";
    do {
      const [time, page] = await this.#send(["TIME"], scan(this.#keys.entries, cursor));
      const [seconds, micros] = time as readonly string[];
      const ahead = this.#clock() - Number(seconds) * 1000 - Number(micros) / 1000;
      const [next, fields] = page as readonly [unknown, readonly string[]];
      cursor = String(next);
      for (let i = 0; i < fields.length; i += 2) {
        const id = fields[i] as string;
        const isBeyond = entries.size >= MOST_ENTRIES && !entries.has(id);
        const entry = isBeyond ? undefined : readEntry(fields[i + 1]);
        if (entry) entries.set(id, { ...entry, endsAt: entry.until + ahead });
        else bad.add(id);
      }
    } while (cursor !== "0" && entries.size + bad.size <= MOST_ENTRIES);
    return { entries, bad };
  }

  #inForceOf(entries: ReadonlyMap<string, Held<Entry>>, bad: Set<string>): InForce | undefined {
    const { keyedHash, previousHash, ipv6Prefix } = this.#on;
    const clock = this.#clock;
    const hashes = previousHash ? [keyedHash, previousHash] : [keyedHash];
    const marks = new Set(hashes.map(markOf));
    const listings: Listing[] = [];
    const modes = [];
    const overrides = [];
    const now = clock();
    for (const [id, entry] of entries) {
      if (now >= entry.endsAt) continue;
      const secret = "secret" in entry ? entry.secret : undefined;
      if (secret !== undefined && !marks.has(secret)) bad.add(id);
      else if (entry.kind === "mode") modes.push(entry);
      else if (entry.kind === "override") overrides.push(entry);
      else if (entry.kind !== "reset") listings.push(listingOf(id, entry, ipv6Prefix));
    }
    if (listings.length + modes.length + overrides.length === 0) return undefined;
    const lists = listings.length > 0 ? new ClientLists(listings, hashes, clock) : undefined;
    return new Tuning({ lists, modes, overrides, hashes, clock });
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
  ipv6Prefix: number | undefined,
): Listing {
  const whom =
    "network" in entry
      ? countedNetwork(entry.network, ipv6Prefix)
      : { identity: entry.identity, key: entry.client };
  return { list: entry.kind, id, until: entry.endsAt, whom };
}

/** Returns a version as the store holds it; empty where none is set. */
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
    `Entries of the control document cannot be used, and are passed over (${ids.length}): ${named.join(", ")}. They cannot be read, were made with another HEADGATE_SECRET, or come after ${MOST_ENTRIES} others. Set them again, or remove them.`,
  );
}
