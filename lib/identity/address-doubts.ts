import type { AddressSource } from "./address-source.ts";
import { UNKNOWN_ADDRESS } from "./canonical-address.ts";
import { isCloudflares } from "./cloudflare-ranges.ts";

/** Something about a request says that CLIENT_IP_FROM may be wrong. Holds nothing of the client's. */
export interface AddressDoubt {
  readonly code: "CLIENT_ADDRESS_HEADER_ABSENT" | "CLIENT_ADDRESS_HEADER_UNCONFIGURED";
  readonly message: string;
}

const CLOUDFLARE = "cf-connecting-ip";
const VERCEL = "x-vercel-forwarded-for";
const MORE = "See docs/client-address.md.";

/** A header of a platform that the source does not read. */
interface Surprise {
  readonly header: string;
  readonly ifGenuine: string;
  /** Whether it is one only where the address that was counted is Cloudflare's own. */
  readonly fromCloudflare?: true;
}

/**
 * Makes the function that looks at requests for a platform's header that is there and not configured,
 * or configured and not there. Each is told once: a client can send any header, and must not be able
 * to fill a log.
 *
 * @param source what CLIENT_IP_FROM came to; undefined where nothing is trusted
 */
export function createDoubts(
  source: AddressSource | undefined,
): (headers: Headers, address: string) => AddressDoubt | undefined {
  let surprises = surprisesOf(source);
  let expected = expectedBy(source);
  return (headers, address) => {
    if (expected && address === UNKNOWN_ADDRESS) {
      const message = `CLIENT_IP_FROM says ${nameOf(source)}, but a request has ${expected}: whoever sends such requests is counted as one client. ${MORE}`;
      expected = undefined;
      return { code: "CLIENT_ADDRESS_HEADER_ABSENT", message };
    }
    const found = surprises.find(
      ({ header, fromCloudflare }) =>
        headers.has(header) && (!fromCloudflare || isCloudflares(withoutPrefix(address))),
    );
    if (!found) return undefined;
    surprises = [];
    const message = `A request has ${found.header}, while CLIENT_IP_FROM says ${nameOf(source)}, which does not read it. ${found.ifGenuine} ${MORE}`;
    return { code: "CLIENT_ADDRESS_HEADER_UNCONFIGURED", message };
  };
}

/** An address of a counted network: its first. */
function withoutPrefix(address: string): string {
  return address.replace(/\/\d+$/, "");
}

/** What a request lacks where the source gave no address. */
function expectedBy(source: AddressSource | undefined): string | undefined {
  switch (source?.from) {
    case undefined:
      return undefined;
    case "socket":
      return "not come through Headgate's own server";
    case "hops":
      return `no address in the place ${source.hops} from the right of X-Forwarded-For`;
    case "vercel":
    case "vercel+cloudflare":
      return `no address in ${VERCEL}`;
    case "cloudflare":
      return `no address in ${CLOUDFLARE}`;
  }
}

function surprisesOf(source: AddressSource | undefined): readonly Surprise[] {
  const onVercel = madeUpOr(VERCEL, "Vercel", "vercel");
  switch (source?.from) {
    case undefined:
      return [madeUpOr(CLOUDFLARE, "Cloudflare alone", "cloudflare"), onVercel];
    case "hops":
      return [cloudflareCounted("there is one proxy more: set hops:n one higher"), onVercel];
    case "vercel":
      return [cloudflareCounted("it is before Vercel: set CLIENT_IP_FROM=vercel+cloudflare")];
    case "cloudflare":
      return [madeUpOr(VERCEL, "Vercel with Cloudflare in front", "vercel+cloudflare")];
    case "socket":
    case "vercel+cloudflare":
      return [];
  }
}

function madeUpOr(header: string, platform: string, value: string): Surprise {
  const ifGenuine = `If the app is behind ${platform}, set CLIENT_IP_FROM=${value}. Otherwise somebody made it up, and it changes nothing.`;
  return { header, ifGenuine };
}

function cloudflareCounted(why: string): Surprise {
  const ifGenuine = `It was counted by an address of Cloudflare's, and not by its client's: ${why}.`;
  return { header: CLOUDFLARE, ifGenuine, fromCloudflare: true };
}

function nameOf(source: AddressSource | undefined): string {
  if (!source) return "nothing";
  return source.from === "hops" ? `hops:${source.hops}` : source.from;
}
