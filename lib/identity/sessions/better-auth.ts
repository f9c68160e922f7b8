import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64 } from "#lib/core/base64";
import { toHex } from "#lib/core/hex";
import { BETTER_CALL, cookiesNamed, joined } from "./cookies.ts";
import { type Given, invalidOption, onceMade, readGiven, secretsOf } from "./given.ts";
import { type Claims, fromBase64Url, isObject, nameOf, objectOf, respelled } from "./parts.ts";
import { decryptToken, derivedKey, secretKey, verifyToken } from "./tokens.ts";

interface BetterAuthSessionOptions {
  /**
   * The `secret` of better-auth (BETTER_AUTH_SECRET), or its `secrets`, with the current one first; or a
   * function that returns it, called at the first request.
   * @example
   * betterAuthSession({ secret: () => process.env["BETTER_AUTH_SECRET"] });
   */
  readonly secret: Given<string | readonly (string | undefined)[]>;
  /**
   * The `advanced.cookiePrefix` of better-auth.
   * @default "better-auth"
   * @example
   * betterAuthSession({ secret, cookiePrefix: "shop" });
   */
  readonly cookiePrefix?: string;
}

interface BetterAuthOptions extends BetterAuthSessionOptions {
  /**
   * The `session.cookieCache.strategy` of better-auth.
   * @default "compact"
   * @example
   * betterAuthUser({ secret, strategy: "jwe" });
   */
  readonly strategy?: Strategy;
  /**
   * The `session.cookieCache.version` of better-auth, when it is text.
   * @default "1"
   * @example
   * betterAuthUser({ secret, version: "2" });
   */
  readonly version?: string;
}

type Strategy = "compact" | "jwt" | "jwe";

/** The content of a session's cache, once its signature is verified. */
interface Cached {
  readonly content: Claims;
  /** Milliseconds since 1970. */
  readonly expiresAt: unknown;
}

type Read = (data: string) => Promise<Cached | undefined>;

/**
 * Resolves the session of better-auth by its signed cookie, to a hash of the session's token. It distinguishes
 * sessions, and not users. Only the database knows whether a session was ended.
 *
 * Throws {@link HeadgateError} IDENTITY_OPTIONS_INVALID for a secret that is missing: at once, or at the
 * first request when the secret is a function.
 *
 * @example
 * const secret = () => process.env["BETTER_AUTH_SECRET"];
 * export const identities = defineIdentities({
 *   user: betterAuthUser({ secret }),
 *   session: betterAuthSession({ secret }),
 * });
 */
export function betterAuthSession(
  options: BetterAuthSessionOptions,
): (request: Request) => Promise<string | undefined> {
  const tokenOf = tokenReader("betterAuthSession", options);
  return async (request) => {
    const token = (await tokenOf(request.headers))?.token;
    // The token itself opens the session, so it must not reach the gate's keys or logs.
    return token && toHex(sha256(utf8ToBytes(token)));
  };
}

/**
 * Resolves the user of a better-auth session by its cookie cache, which `session.cookieCache` of better-auth
 * turns on. Without a valid cache there is no user; {@link betterAuthSession} can count such a request.
 *
 * Throws {@link HeadgateError} IDENTITY_OPTIONS_INVALID for an invalid option: at once, or at the first request
 * when the secret is a function.
 *
 * @example
 * export const identities = defineIdentities({
 *   user: betterAuthUser({ secret: () => process.env["BETTER_AUTH_SECRET"], strategy: "jwe" }),
 * });
 */
export function betterAuthUser(
  options: BetterAuthOptions,
): (request: Request) => Promise<string | undefined> {
  const { strategy = "compact", version = "1" } = options;
  if (!Object.hasOwn(READERS, strategy)) {
    throw invalidOption("betterAuthUser", "strategy", '"compact", "jwt" or "jwe"');
  }
  const tokenOf = tokenReader("betterAuthUser", options);
  const read = READERS[strategy](secretsIn("betterAuthUser", options));
  return async ({ headers }) => {
    const found = await tokenOf(headers);
    const data = found && cacheIn(headers, `${found.prefix}.session_data`);
    const cached = data && (await read(data));
    return cached ? userOf(cached, found.token, version) : undefined;
  };
}

function secretsIn(resolver: string, { secret }: BetterAuthSessionOptions) {
  return readGiven(secret, (value) => secretsOf(resolver, "secret", value));
}

/** Makes the function that reads the token of a session, and the prefix of its cookie. */
function tokenReader(resolver: string, options: BetterAuthSessionOptions) {
  const { cookiePrefix = "better-auth" } = options;
  const secrets = secretsIn(resolver, options);
  const key = onceMade(() => secretKey(secrets()[0] ?? ""));
  const prefixes = [`__Secure-${cookiePrefix}`, cookiePrefix];
  return async (headers: Headers) => {
    const cookies = cookiesNamed(headers, BETTER_CALL, (name) => name.endsWith(".session_token"));
    for (const prefix of prefixes) {
      const cookie = cookies.get(`${prefix}.session_token`) ?? "";
      const at = cookie.lastIndexOf(".");
      const mark = cookie.slice(at + 1);
      const token = nameOf(cookie.slice(0, Math.max(at, 0)));
      const signature = token && mark.length === 44 && mark.endsWith("=") && fromBase64(mark);
      if (signature && (await isSigned(await key(), signature, token))) return { prefix, token };
    }
    return undefined;
  };
}

/** Returns the cookie of the cache, or else its chunks joined in the order of their numbers. */
function cacheIn(headers: Headers, name: string): string | undefined {
  const whole = cookiesNamed(headers, BETTER_CALL, (each) => each === name).get(name);
  if (whole) return joined([whole]);
  const isChunk = (each: string) => each.startsWith(`${name}.`) && /\.(?:0|[1-9]\d*)$/.test(each);
  const chunks = [...cookiesNamed(headers, { ...BETTER_CALL, keeps: "last" }, isChunk)];
  const number = (each: string) => Number(each.slice(name.length + 1));
  return joined(chunks.toSorted(([a], [b]) => number(a) - number(b)).map(([, value]) => value));
}

/** Returns the user as `/get-session` of better-auth would: for this session, this version, and in time. */
function userOf(
  { content, expiresAt }: Cached,
  token: string,
  version: string,
): string | undefined {
  const { session, user } = content;
  if (!isObject(session) || !isObject(user)) return undefined;
  const isOwn = session["token"] === token;
  const ends = [expiresAt, Date.parse(String(session["expiresAt"]))];
  const isInTime = ends.every((end) => typeof end === "number" && end >= Date.now());
  const isVersion = (content["version"] || "1") === version;
  return isOwn && isInTime && isVersion ? nameOf(user["id"]) : undefined;
}

/** The derivation of the key of better-auth's encrypted tokens. */
const DERIVATION = {
  enc: "A256CBC-HS512",
  salt: "better-auth-session",
  info: "BetterAuth.js Generated Encryption Key",
  named: "sha256",
} as const;

/** The readers of the cookie cache, by its strategy. Signatures are made with the current secret only. */
const READERS: Readonly<Record<Strategy, (secrets: () => readonly string[]) => Read>> = {
  compact(secrets) {
    const key = onceMade(() => secretKey(secrets()[0] ?? ""));
    return async (data) => {
      const { session, expiresAt, signature } = objectOf(bytesOf(data)) ?? {};
      const mark = typeof signature === "string" ? bytesOf(signature) : undefined;
      if (!isObject(session) || typeof expiresAt !== "number" || !mark) return undefined;
      const signed = jsonOf({ ...session, expiresAt });
      const isRight = signed !== undefined && (await isSigned(await key(), mark, signed));
      return isRight ? { content: session, expiresAt } : undefined;
    };
  },
  jwt(secrets) {
    const key = onceMade(() => secretKey(secrets()[0] ?? ""));
    return async (data) => {
      const own = await key();
      return fromClaims((await verifyToken(data, () => own, { algorithms: ["HS256"] }))?.claims);
    };
  },
  jwe(secrets) {
    const ring = onceMade(() => Promise.all(secrets().map((one) => derivedKey(one, DERIVATION))));
    const keysFor = async ({ kid }: Claims) =>
      (await ring()).filter((key) => kid === undefined || key.kid === kid);
    return async (data) => fromClaims(await decryptToken(data, keysFor, 0));
  },
};

/** Reads base64 at least as leniently as better-auth does. The signature decides in any case. */
function bytesOf(text: string) {
  return fromBase64Url(respelled(text));
}

/** Returns true when the text is signed by the key. Web Crypto compares in constant time. */
function isSigned(key: CryptoKey, signature: Uint8Array<ArrayBuffer>, text: string) {
  return crypto.subtle.verify("HMAC", key, signature, new TextEncoder().encode(text));
}

/** Returns an object's JSON; undefined when it nests too deep. */
function jsonOf(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function fromClaims(claims: Claims | undefined): Cached | undefined {
  return claims && { content: claims, expiresAt: Number(claims["exp"]) * 1000 };
}
