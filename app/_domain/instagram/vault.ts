import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** Keeps secrets of the app's own from whoever reads the store. */
export interface Vault {
  /** Encrypts a text for the place that `name` says; in another place it cannot be opened. */
  seal(text: string, name: string): Promise<string>;
  /** The text; undefined where it was sealed for another place, under another secret, or changed. */
  open(sealed: unknown, name: string): Promise<string | undefined>;
}

const NONCE_BYTES = 12;
const SEALED = /^v1:((?:[0-9a-f]{2}){12}):((?:[0-9a-f]{2}){16,8192})$/;

/**
 * Makes a vault: AES-256-GCM (NIST SP 800-38D) with a random nonce, under a key derived from the
 * secret by HKDF-SHA-256 (RFC 5869).
 */
export function createVault(secret: string): Vault {
  return {
    async seal(text, name) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const how = parameters(nonce, name);
      const key = await deriveKey(secret);
      const sealed = await crypto.subtle.encrypt(how, key, new TextEncoder().encode(text));
      return `v1:${bytesToHex(nonce)}:${bytesToHex(new Uint8Array(sealed))}`;
    },
    async open(sealed, name) {
      const [, nonce, text] = SEALED.exec(typeof sealed === "string" ? sealed : "") ?? [];
      if (nonce === undefined || text === undefined) return undefined;
      const how = parameters(new Uint8Array(hexToBytes(nonce)), name);
      try {
        const key = await deriveKey(secret);
        const opened = await crypto.subtle.decrypt(how, key, new Uint8Array(hexToBytes(text)));
        return new TextDecoder().decode(opened);
      } catch {
        return undefined;
      }
    },
  };
}

function parameters(iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new Uint8Array(utf8ToBytes(name)) };
}

/** Derived for each use: in workerd no request may wait for another's promise. */
async function deriveKey(secret: string): Promise<CryptoKey> {
  const raw = new Uint8Array(utf8ToBytes(secret));
  const key = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
  const info = new Uint8Array(utf8ToBytes("headgate: the app's own secrets"));
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const aes = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(how, key, aes, false, ["encrypt", "decrypt"]);
}
