import type { Client, IdentityValues, KeyedHash, Wanted } from "#lib/core/client";
import type { HeadgateEvent } from "#lib/core/events";
import { canonicalAddress, UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { type AddressOptions, createCountedAddress } from "./counted-address.ts";
import { clientOf, type Identities, unresolvedOf } from "./identify.ts";
import { type Resolved, resolveIdentities } from "./resolve.ts";
import { createSessionDoubts } from "./session-doubts.ts";

/** A client, and the events that arose while it was identified, which are reported after the response. */
export interface Identified {
  readonly client: Client;
  readonly noticed: readonly HeadgateEvent[];
}

/** The options of an identifier. */
export interface IdentifierOptions extends AddressOptions {
  readonly keyedHash: KeyedHash;
  readonly identities: Identities;
  /** The longest that resolvers may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** Identifies the clients of requests. */
export class Identifier {
  readonly #options: IdentifierOptions;
  readonly #countedAddress: ReturnType<typeof createCountedAddress>;
  readonly #sessionDoubts = createSessionDoubts();

  constructor(options: IdentifierOptions) {
    this.#options = options;
    this.#countedAddress = createCountedAddress(options);
  }

  /** Identifies the client of a request. */
  async fromRequest(wanted: Wanted, request: Request): Promise<Identified> {
    const { values, failures } = await this.#resolve(wanted, request);
    const noticed = failures.map(failureEvent);
    const address = this.#addressOf(request, noticed);
    return this.#identified(wanted, values, address, request, noticed);
  }

  /** Identifies the client by the values that a handler gives, and by `request` for the identities that it does not. */
  async fromCode(wanted: Wanted, given: IdentityValues, request?: Request): Promise<Identified> {
    const { values, failures } = request ? await this.#resolve(wanted, request) : NOTHING;
    // An empty value counts as missing, and must not replace a value that the request proves.
    const known = new Map([...given].filter(([, value]) => value !== undefined && value !== ""));
    const noticed = failures.map(failureEvent);
    const ip = known.get("ip");
    const address =
      ip === undefined && request
        ? this.#addressOf(request, noticed)
        : canonicalAddress(ip, this.#options.ipv6Prefix);
    return this.#identified(wanted, new Map([...values, ...known]), address, request, noticed);
  }

  /** Identifies a client by the caller's own key, of any length; the address is never counted instead. */
  ofKey(identity: string, key: string): Client {
    const counted = { key: this.#options.keyedHash(identity, key), countsAddress: false };
    const values = new Map([[identity, key]]);
    const address = UNKNOWN_ADDRESS;
    return {
      values,
      address,
      hasAddress: true,
      counted: new Map([[identity, counted]]),
      shares: NONE,
    };
  }

  #resolve({ identities, listed }: Wanted, request: Request): Resolved | Promise<Resolved> {
    const names = listed ? [...identities, ...listed] : identities;
    if (names.length === 0) return NOTHING;
    return resolveIdentities(names, this.#options.identities, request, this.#options.deadlineMs);
  }

  #addressOf({ headers }: Request, noticed: HeadgateEvent[]): string {
    return this.#countedAddress(headers, (doubt) => noticed.push({ kind: "address", ...doubt }));
  }

  #identified(
    wanted: Wanted,
    values: IdentityValues,
    address: string,
    request: Request | undefined,
    noticed: HeadgateEvent[],
  ): Identified {
    const client = clientOf(wanted, values, address, this.#options.keyedHash);
    if (!request || values.size === 0) return { client, noticed };
    const doubt = this.#sessionDoubts(unresolvedOf(wanted, client), request.headers);
    if (doubt) noticed.push({ kind: "address", ...doubt });
    return { client, noticed };
  }
}

function failureEvent({ identity, error }: Resolved["failures"][number]): HeadgateEvent {
  return { kind: "failure", during: "identity", name: identity, error };
}

const NONE: ReadonlyMap<string, number> = new Map();
const NOTHING: Resolved = { values: new Map(), failures: [] };
