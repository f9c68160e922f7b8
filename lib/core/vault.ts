import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64, toBase64 } from "./base64.ts";

/** Encrypts data of the app and its users, so that a reader of the store cannot read it. */
export interface Vault {
  /** Encrypts a text under a name; `open` with another name fails. */
  seal(text: string, name: string): Promise<string>;
  /** Returns the text; undefined when it was sealed under another name or secret, or was changed. */
  open(sealed: unknown, name: string): Promise<string | undefined>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** "v2:" and nonce, text and tag in base64. Stores may still hold the older form, in hex. */
const SEALED = /^v2:([A-Za-z0-9+/]+={0,2})$/;
const SEALED_IN_HEX = /^v1:((?:[0-9a-f]{2}){12}):((?:[0-9a-f]{2}){16,8192})$/;

/**
 * Makes a vault: AES-256-GCM (NIST SP 800-38D) with a random nonce, under a key derived from the
 * secret by HKDF-SHA-256 (RFC 5869). If `secret` is a function, it is called at the first use.
 *
 * @example
 * const vault = createVault(gate.secret);
 * const sealed = await vault.seal("a token", "mail:ada");
 */
export function createVault(secret: string | (() => string)): Vault {
  let imported: CryptoKey | undefined;

  /** It caches the key and not its promise: in workerd no request may await the promise of another request. */
  async function aesKey(): Promise<CryptoKey> {
    if (imported) return imported;
    const raw = derive(typeof secret === "function" ? secret() : secret);
    const usages: KeyUsage[] = ["encrypt", "decrypt"];
    const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, usages);
    imported = key;
    return key;
  }

  return {
    async seal(text, name) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const how = parameters(nonce, name);
      const key = await aesKey();
      const sealed = await crypto.subtle.encrypt(how, key, new TextEncoder().encode(text));
      return `v2:${toBase64(nonce, new Uint8Array(sealed))}`;
    },
    async open(sealed, name) {
      const bytes = typeof sealed === "string" ? bytesOf(sealed) : undefined;
      if (!bytes || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const how = parameters(bytes.slice(0, NONCE_BYTES), name);
      try {
        const key = await aesKey();
        const opened = await crypto.subtle.decrypt(how, key, bytes.subarray(NONCE_BYTES));
        return new TextDecoder().decode(opened);
      } catch {
        return undefined;
      }
    },
  };
}

/** Returns nonce, text and tag. */
function bytesOf(sealed: string): Uint8Array<ArrayBuffer> | undefined {
  const [, inBase64] = SEALED.exec(sealed) ?? [];
  if (inBase64 !== undefined) return fromBase64(inBase64);
  const [, nonce, text] = SEALED_IN_HEX.exec(sealed) ?? [];
  return nonce === undefined ? undefined : new Uint8Array(hexToBytes(`${nonce}${text}`));
}

function parameters(iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new Uint8Array(utf8ToBytes(name)) };
}

/** Returns the 32 bytes of the key: HKDF-SHA-256 (RFC 5869) without a salt. */
function derive(secret: string): Uint8Array<ArrayBuffer> {
  const info = utf8ToBytes("headgate: the app's own secrets");
  return new Uint8Array(hkdf(sha256, utf8ToBytes(secret), undefined, info, 32));
}
