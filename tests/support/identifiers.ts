import { createHash } from "node:crypto";
import ipaddr from "ipaddr.js";

/** Returns the identifier that a text contains, or undefined. */
export type Finder = (text: Buffer | string) => string | undefined;

/**
 * Makes a finder of identifiers in many spellings: in either case, escaped as in JSON or a URL, in hex or
 * base64 at any offset, in Unicode's composed and decomposed form, and as a plain hash, which allows
 * guessing. The finder also knows all spellings of an address, and the network by which it is counted.
 */
export function finderOf(identifiers: Iterable<string>): Finder {
  const known = new Map<string, string>();
  for (const identifier of identifiers) {
    for (const text of [identifier, ...addressSpellings(identifier)]) {
      for (const spelled of spellings(text)) {
        if (spelled.length >= SHORTEST) known.set(caseless(spelled), identifier);
      }
    }
  }
  return (text) => {
    const where = caseless(typeof text === "string" ? bytesOf(text) : text.toString("latin1"));
    for (const [spelled, identifier] of known) if (where.includes(spelled)) return identifier;
    return undefined;
  };
}

/** Shorter texts would be found in random keys. */
const SHORTEST = 8;

const HASHES = ["sha256", "sha1", "md5"] as const;

/** Returns the spellings of a text, each as a text of its bytes. */
export function spellings(text: string): string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  const forms = [text, text.normalize("NFC"), text.normalize("NFD"), escaped];
  const bytes = Buffer.from(text);
  const inUrls = [encodeURIComponent(bytes.toString()), new URLSearchParams({ text }).toString()];
  const hashes = HASHES.map((name) => createHash(name).update(text).digest());
  return [
    ...[...forms, inUrls[0] ?? "", (inUrls[1] ?? "").slice("text=".length)].map(bytesOf),
    bytes.toString("hex"),
    ...base64s(bytes),
    // Half of a hash reveals as much as the whole.
    ...hashes.flatMap((hash) => [
      hash.toString("hex").slice(0, 16),
      hash.toString("base64").slice(0, 16),
      hash.toString("base64url").slice(0, 16),
    ]),
  ];
}

/** Returns the base64 forms of bytes within other bytes. The three offsets have different forms. */
function base64s(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const own = text.slice(
      before === 0 ? 0 : before + 1,
      Math.floor(((before + bytes.length) * 8) / 6),
    );
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function addressSpellings(text: string): string[] {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const bytes = Buffer.from(ipaddr.IPv4.parse(text).toByteArray());
    const mapped = ipaddr.IPv4.parse(text).toIPv4MappedAddress();
    return [
      String(bytes.readUInt32BE()),
      bytes.toString("hex"),
      mapped.toString(),
      mapped.toNormalizedString(),
    ];
  }
  if (!ipaddr.IPv6.isValid(text)) return [];
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) {
    const inner = address.toIPv4Address().toString();
    return [inner, ...addressSpellings(inner)];
  }
  const network = address.parts.slice(0, 4);
  const padded = network.map((part) => part.toString(16).padStart(4, "0"));
  return [
    address.toRFC5952String(),
    address.parts.map((part) => part.toString(16).padStart(4, "0")).join(""),
    network.map((part) => part.toString(16)).join(":"),
    padded.join(":"),
    padded.join(""),
  ];
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function caseless(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
