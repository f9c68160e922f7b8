import type { Doubt } from "#lib/core/doubt";
import { createDoubts } from "./address-doubts.ts";
import { canonicalAddress } from "#lib/core/canonical-address";
import { createKeyedHash } from "./keyed-hash.ts";
import { type AddressSource, platformOf } from "./platforms/all.ts";
import { readVisitor } from "./visitor.ts";

/** The options that decide by which address a request is counted. */
export interface AddressOptions {
  /**
   * Where addresses come from; undefined counts all clients as one.
   * @example
   * headgate(policy, { ...options, addressSource: { from: "vercel" } });
   */
  readonly addressSource: AddressSource | undefined;
  /**
   * The bits of an IPv6 address that name a client, from 48 to 128.
   * @default 64
   * @example
   * headgate(policy, { ...options, ipv6Prefix: 56 });
   */
  readonly ipv6Prefix?: number;
  /**
   * The secret that signs the header by which the app's own calls name their visitor
   * (`createVisitorHeaders`). No client must be able to guess it.
   * @default no secret: such headers are ignored
   * @example
   * createVisitorHeaders({ ...gate.options, visitorSecret: secret });
   */
  readonly visitorSecret?: string | undefined;
}

/**
 * Makes the function that returns the address by which a request is counted: the visitor's for a call of the
 * app to itself, otherwise the one in the source. `onDoubt` is called when the source seems wrong.
 */
export function createCountedAddress({
  addressSource,
  ipv6Prefix,
  visitorSecret,
}: AddressOptions): (headers: Headers, onDoubt: (doubt: Doubt) => void) => string {
  const addressOf = addressReader(addressSource, ipv6Prefix);
  const doubts = createDoubts(addressSource);
  // The memory keeps two hashes: headers that clients make up must not push out useful ones.
  const sign = visitorSecret && createKeyedHash(visitorSecret, 2);
  return (headers, onDoubt) => {
    const visitor = sign && readVisitor(sign, headers);
    if (visitor) return visitor;
    const address = addressOf(headers);
    const doubt = doubts(headers, address);
    if (doubt) onDoubt(doubt);
    return address;
  };
}

/** Makes the function that returns the address in the source, in the form that is counted. */
export function addressReader(
  source: AddressSource | undefined,
  ipv6Prefix?: number,
): (headers: Headers) => string {
  const platform = platformOf(source);
  return (headers) => canonicalAddress(source && platform?.address(headers, source), ipv6Prefix);
}
