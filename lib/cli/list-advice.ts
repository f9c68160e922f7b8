import { countedNetwork } from "#lib/control/policy-lists";
import { PrefixTree } from "#lib/control/prefix-tree";
import { DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import { networkOf } from "#lib/core/ip";
import { isWithin, type Network, networkText, readNetwork } from "#lib/core/networks";
import type { Variables } from "#lib/core/settings";
import type { AnyPolicy } from "#lib/policy/define";
import type { CompiledListing, CompiledPolicy } from "#lib/policy/types";
import { whyForgeable } from "./forgeable.ts";

/** Networks of private addresses. Clients on the internet have other addresses; proxies and machines nearby do. */
const PRIVATE = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "::1",
  "fc00::/7",
  "fe80::/10",
].flatMap((text) => readNetwork(text) ?? []);

/** Networks with fewer bits contain more addresses than any single owner has. */
const WIDEST = { ipv4: 8, ipv6: 19 };

const FORGED = "headgate/docs/concepts/clients.md#what-a-client-can-forge";

/** An entry for a network, and the network that is compared. */
interface ListedNetwork {
  readonly listing: CompiledListing;
  readonly network: Network;
}

/**
 * Returns a sentence for each entry of `allow` and `block` that has no effect, or that a client may be able
 * to forge.
 *
 * @param env the variables of the app, as far as they are known
 */
export function listAdvice(
  policy: AnyPolicy,
  { listings }: CompiledPolicy,
  env: Variables,
): readonly string[] {
  const prefix = Number(env["CLIENT_IPV6_PREFIX"]) || DEFAULT_IPV6_PREFIX;
  const networks = listings.flatMap((listing) =>
    "first" in listing.client ? { listing, network: countedNetwork(listing.client, prefix) } : [],
  );
  return [
    ...namedTwice(listings),
    ...withoutEffect(networks),
    ...networks.flatMap(({ listing, network }) => widthAdvice(listing, network)),
    ...forgedNames(policy, listings),
    ...addressAdvice(networks, env["CLIENT_IP_FROM"]),
  ];
}

function nameOf({ list, text }: CompiledListing): string {
  return `${list} ${text}`;
}

/** Returns advice on identities and conditions that both lists name. */
function namedTwice(listings: readonly CompiledListing[]): string[] {
  const allowed = new Set(listings.filter(({ list }) => list === "allow").map(({ text }) => text));
  return listings
    .filter(
      ({ list, text, client }) => list === "block" && !("first" in client) && allowed.has(text),
    )
    .map((listing) => `${nameOf(listing)}: it has no effect, because allow names the same client.`);
}

/**
 * Returns advice on networks that another entry contains: one of the same list, or one of `allow`, which
 * takes precedence.
 */
function withoutEffect(networks: readonly ListedNetwork[]): string[] {
  const tree = new PrefixTree<ListedNetwork>();
  for (const each of networks) tree.add(each.network.first, each.network.bits, each);
  return networks.flatMap(({ listing, network }) => {
    const other = tree.covering(network.first).find(
      (wider) =>
        wider.listing !== listing &&
        wider.network.bits <= network.bits &&
        (wider.listing.list === "allow" || listing.list === "block") &&
        // When two entries name the same network, the second has no effect.
        !(wider.network.bits === network.bits && isAfter(wider.listing, listing)),
    );
    return other
      ? `${nameOf(listing)}: it has no effect, because ${nameOf(other.listing)} contains it.`
      : [];
  });
}

function isAfter(one: CompiledListing, other: CompiledListing): boolean {
  return one.list === other.list && one.place > other.place;
}

function widthAdvice(listing: CompiledListing, { first, bits }: Network): readonly string[] {
  if (listing.list !== "allow") return [];
  const name = nameOf(listing);
  const { client } = listing;
  const isWidened = "first" in client && client.bits > bits;
  const widened = isWidened
    ? [
        `${name}: it allows all of ${networkText({ first: networkOf(first, bits), bits })}, which is one client.`,
      ]
    : [];
  if (bits < (first.length === 4 ? WIDEST.ipv4 : WIDEST.ipv6)) {
    const whose = bits === 0 ? "every address" : "more addresses than any single owner has";
    return [`${name}: it contains ${whose}. Name only networks that are yours (${FORGED}).`];
  }
  if (!isWithin(first, PRIVATE)) return widened;
  return [
    `${name}: these are private addresses. If a proxy's address is used as the client's, every request comes from there and is allowed. Name the public address, or verify a secret by a condition (${FORGED}).`,
  ];
}

/**
 * Returns advice on identities and conditions whose value a client can choose, once for each list, which may
 * name thousands.
 */
function forgedNames({ identities, conditions }: AnyPolicy, listings: readonly CompiledListing[]) {
  const named = new Map<string, CompiledListing[]>();
  for (const listing of listings) {
    const { list, client } = listing;
    if ("first" in client) continue;
    const name = `${list} ${client.identity}`;
    const alike = named.get(name);
    if (alike) alike.push(listing);
    else named.set(name, [listing]);
  }
  return [...named.values()].flatMap(([listing, ...others]) => {
    if (!listing || "first" in listing.client) return [];
    const { list, client } = listing;
    const why = whyForgeable(
      (conditions ?? {})[client.identity] ?? (identities ?? {})[client.identity],
    );
    if (why === undefined) return [];
    const so =
      list === "allow" ? "any client can make itself allowed" : "a blocked client can avoid it";
    const more = others.length > 0 ? ` and ${others.length} more` : "";
    return `${nameOf(listing)}${more}: ${client.identity} is easily forged: ${why}, so ${so}. Compare with a secret of the environment, or verify a signature (${FORGED}).`;
  });
}

function addressAdvice(
  networks: readonly ListedNetwork[],
  clientIpFrom: string | undefined,
): readonly string[] {
  const [first] = networks;
  if (!first || !clientIpFrom || !/^(?:header|hops):/.test(clientIpFrom)) return [];
  const form = clientIpFrom.startsWith("hops") ? "X-Forwarded-For" : "a header";
  return [
    `${nameOf(first.listing)}: addresses come from ${form} (CLIENT_IP_FROM). A client that reaches the app without its proxy can write any address there, and so be allowed or avoid a block. Make the app reachable only through the proxy (headgate/docs/guides/client-address.md).`,
  ];
}
