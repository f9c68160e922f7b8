import type { Client, IdentityValues, KeyedHash, Wanted } from "#lib/core/client";
import type { Doubt } from "#lib/core/doubt";
import { canonicalAddress } from "./canonical-address.ts";
import { type AddressOptions, createCountedAddress } from "./counted-address.ts";
import { clientOf, type Identities, unresolvedOf } from "./identify.ts";
import { type Resolved, resolveIdentities } from "./resolve.ts";
import { createSessionDoubts } from "./session-doubts.ts";

/** A client, and what was noticed while it was named: to be reported after the response. */
export interface Identified {
  readonly client: Client;
  readonly failures: Resolved["failures"];
  readonly doubts: readonly Doubt[];
}

/** What an identifier needs beside where addresses come from. */
export interface IdentifierOptions extends AddressOptions {
  readonly keyedHash: KeyedHash;
  readonly identities: Identities;
  /** The longest that resolvers may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** Names the clients of requests. */
export class Identifier {
  readonly #options: IdentifierOptions;
  readonly #countedAddress: ReturnType<typeof createCountedAddress>;
  readonly #sessionDoubts = createSessionDoubts();

  constructor(options: IdentifierOptions) {
    this.#options = options;
    this.#countedAddress = createCountedAddress(options);
  }

  /** Names the client of a request. */
  async fromRequest(wanted: Wanted, request: Request): Promise<Identified> {
    const { values, failures } = await this.#resolve(wanted, request);
    const doubts: Doubt[] = [];
    const address = this.#countedAddress(request.headers, (doubt) => doubts.push(doubt));
    return this.#identified(wanted, values, address, request, { failures, doubts });
  }

  /** Names the client that a handler knows; `request`, where it is given, names what the handler does not. */
  async fromCode(wanted: Wanted, given: IdentityValues, request?: Request): Promise<Identified> {
    const { values, failures } = request ? await this.#resolve(wanted, request) : NOTHING;
    // An empty value says no more than a missing one, and must not hide what the request proves.
    const known = new Map([...given].filter(([, value]) => value !== undefined && value !== ""));
    const doubts: Doubt[] = [];
    const ip = known.get("ip");
    const address =
      ip === undefined && request
        ? this.#countedAddress(request.headers, (doubt) => doubts.push(doubt))
        : canonicalAddress(ip, this.#options.ipv6Prefix);
    const all = new Map([...values, ...known]);
    return this.#identified(wanted, all, address, request, { failures, doubts });
  }

  /** Names a client by a key of the caller's own, of any length, that no address stands in for. */
  ofKey(identity: string, key: string): Client {
    const counted = { key: this.#options.keyedHash(identity, key), countsAddress: false };
    const values = new Map([[identity, key]]);
    return { values, hasAddress: true, counted: new Map([[identity, counted]]), shares: NONE };
  }

  async #resolve({ identities }: Wanted, request: Request): Promise<Resolved> {
    if (identities.length === 0) return NOTHING;
    return resolveIdentities(
      identities,
      this.#options.identities,
      request,
      this.#options.deadlineMs,
    );
  }

  #identified(
    wanted: Wanted,
    values: IdentityValues,
    address: string,
    request: Request | undefined,
    { failures, doubts }: Omit<Identified, "client">,
  ): Identified {
    const client = clientOf(wanted, values, address, this.#options.keyedHash);
    if (!request || values.size === 0) return { client, failures, doubts };
    const doubt = this.#sessionDoubts(unresolvedOf(wanted, client), request.headers);
    return { client, failures, doubts: doubt ? [...doubts, doubt] : doubts };
  }
}

const NONE: ReadonlyMap<string, number> = new Map();
const NOTHING: Resolved = { values: new Map(), failures: [] };
