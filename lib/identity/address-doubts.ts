import type { AddressSource } from "./address-source.ts";
import { UNKNOWN_ADDRESS } from "./canonical.ts";

/** Something about a request says that CLIENT_IP_FROM may be wrong. Holds nothing of the client's. */
export interface AddressDoubt {
  readonly code: "CLIENT_ADDRESS_HEADER_ABSENT" | "CLIENT_ADDRESS_HEADER_UNCONFIGURED";
  readonly message: string;
}

const CLOUDFLARE = "cf-connecting-ip";
const VERCEL = "x-vercel-forwarded-for";
const MORE = "See docs/client-address.md.";

/** A header of a platform that the source does not read, and what to set where it is genuine. */
type Surprise = readonly [header: string, ifGenuine: string];

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
    const found = surprises.find(([header]) => headers.has(header));
    if (!found) return undefined;
    surprises = [];
    const [header, ifGenuine] = found;
    const message = `A request has ${header}, while CLIENT_IP_FROM says ${nameOf(source)}, which does not read it. ${ifGenuine} Otherwise somebody made it up, and it changes nothing. ${MORE}`;
    return { code: "CLIENT_ADDRESS_HEADER_UNCONFIGURED", message };
  };
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
  const behind = (header: string, platform: string, value: string): Surprise => [
    header,
    `If the app is behind ${platform}, set CLIENT_IP_FROM=${value}.`,
  ];
  const onVercel = behind(VERCEL, "Vercel", "vercel");
  const onBoth = "Vercel with Cloudflare in front";
  switch (source?.from) {
    case undefined:
      return [behind(CLOUDFLARE, "Cloudflare alone", "cloudflare"), onVercel];
    case "hops":
      // With one hop it would be Cloudflare's own address that is counted; with more it is accounted for.
      return source.hops === 1
        ? [behind(CLOUDFLARE, "a proxy and Cloudflare", "hops:2"), onVercel]
        : [onVercel];
    case "vercel":
      return [behind(CLOUDFLARE, onBoth, "vercel+cloudflare")];
    case "cloudflare":
      return [behind(VERCEL, onBoth, "vercel+cloudflare")];
    case "socket":
    case "vercel+cloudflare":
      return [];
  }
}

function nameOf(source: AddressSource | undefined): string {
  if (!source) return "nothing";
  return source.from === "hops" ? `hops:${source.hops}` : source.from;
}
