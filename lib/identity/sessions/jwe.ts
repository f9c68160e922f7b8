import { type Claims, fromBase64Url, headerOf, MAX_TOKEN, objectOf, toBase64Url } from "./parts.ts";

/** The bytes of the parts of a token, by the way that its content is encrypted (RFC 7518, 5.1). */
const SIZES = {
  "A256CBC-HS512": { key: 64, iv: 16, tag: 32 },
  A256GCM: { key: 32, iv: 12, tag: 16 },
} as const;

export type ContentEncryption = keyof typeof SIZES;

/** A key that encrypts content, under the name that a header may ask for it by. */
export interface JweKey {
  readonly enc: ContentEncryption;
  /** The thumbprint of the key (RFC 7638), in base64url. */
  readonly kid: string;
  readonly cipher: CryptoKey;
  /** For A256CBC-HS512, whose cipher alone does not tell whether a text was changed. */
  readonly mac: CryptoKey | undefined;
}

/** Returns how many bytes a key must have. */
export function keySize(enc: ContentEncryption): number {
  return SIZES[enc].key;
}

/**
 * Imports a key.
 *
 * @param raw as many bytes as {@link keySize} says
 * @param hash what names the key: SHA-256, say
 */
export async function jweKey(
  enc: ContentEncryption,
  raw: Uint8Array<ArrayBuffer>,
  hash: "SHA-256" | "SHA-512",
): Promise<JweKey> {
  const named = JSON.stringify({ k: toBase64Url(raw), kty: "oct" });
  const digest = await crypto.subtle.digest(hash, new TextEncoder().encode(named));
  const kid = toBase64Url(new Uint8Array(digest));
  if (enc === "A256GCM") {
    const cipher = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    return { enc, kid, cipher, mac: undefined };
  }
  // RFC 7518, 5.2.2.1: the first half is the key of the MAC.
  const hmac = { name: "HMAC", hash: "SHA-512" };
  const mac = await crypto.subtle.importKey("raw", raw.slice(0, 32), hmac, false, ["sign"]);
  const cipher = await crypto.subtle.importKey("raw", raw.slice(32), "AES-CBC", false, ["decrypt"]);
  return { enc, kid, cipher, mac };
}

/**
 * Decrypts the claims of a token in the compact form of encryption (RFC 7516, 7.1), with a key that both sides
 * have (`dir`); undefined for one that this key did not encrypt. Compressed content (`zip`) is no JSON here, and is
 * not read: a small token could hold very much.
 */
export async function decryptJwe(
  token: string,
  keysFor: (header: Claims) => Promise<readonly JweKey[]>,
): Promise<Claims | undefined> {
  const parts = token.length <= MAX_TOKEN ? token.split(".", 6) : [];
  const [head = "", wrapped, ...rest] = parts;
  const header = parts.length === 5 && wrapped === "" ? headerOf(head) : undefined;
  if (header?.["alg"] !== "dir") return undefined;
  const [iv, text, tag] = rest.map(fromBase64Url);
  if (!iv || !text || !tag) return undefined;
  const aad = new TextEncoder().encode(head);
  for (const key of await keysFor(header)) {
    const { iv: ivSize, tag: tagSize } = SIZES[key.enc];
    if (key.enc !== header["enc"] || iv.length !== ivSize || tag.length !== tagSize) continue;
    const opened = await open(key, { iv, text, tag, aad }).catch(() => undefined);
    if (opened) return objectOf(new Uint8Array(opened));
  }
  return undefined;
}

type Bytes = Uint8Array<ArrayBuffer>;

interface Sealed {
  readonly iv: Bytes;
  readonly text: Bytes;
  readonly tag: Bytes;
  /** What is not encrypted, and must not be changed either: the header. */
  readonly aad: Bytes;
}

/** @throws where the text was changed, in one of the two ways; undefined in the other */
async function open({ cipher, mac }: JweKey, sealed: Sealed): Promise<ArrayBuffer | undefined> {
  const { iv, text, tag, aad } = sealed;
  if (!mac) {
    const how = { name: "AES-GCM", iv, additionalData: aad };
    return crypto.subtle.decrypt(how, cipher, concat(text, tag));
  }
  // RFC 7518, 5.2.2.1: the length of the header in bits, in eight bytes, comes last.
  const bits = new Uint8Array(8);
  new DataView(bits.buffer).setUint32(4, aad.length * 8);
  const right = await crypto.subtle.sign("HMAC", mac, concat(aad, iv, text, bits));
  if (!isEqual(tag, new Uint8Array(right, 0, tag.length))) return undefined;
  return crypto.subtle.decrypt({ name: "AES-CBC", iv }, cipher, text);
}

/** Compares in a time that does not tell where two texts of one length differ. */
function isEqual(given: Uint8Array, right: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < right.length; i += 1) difference |= (given[i] ?? 0) ^ (right[i] ?? 0);
  return difference === 0;
}

function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
