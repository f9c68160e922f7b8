import { type JWTPayload, jwtVerify } from "jose";
import { isHttps } from "#lib/core/scheme";
import { withoutBlanks } from "./blanks.ts";
import { invalidOption } from "./sessions/given.ts";
import { unverified } from "./unverified.ts";

/** Options of `jwtReader` and `jwtUser`. */
export interface JwtOptions {
  /**
   * The HMAC secrets that sign tokens: the current one first, then one that is being rotated out.
   * @example
   * jwtUser({ secrets: [secret], audience: "shop" });
   */
  readonly secrets: readonly string[];
  /**
   * The `aud` that a token must carry, such as "shop".
   * @example
   * jwtUser({ secrets, audience: "shop" });
   */
  readonly audience: string;
  /**
   * The cookie that may hold the token when there is no bearer token: its name, or a function that returns
   * the name for a request, such as `hostCookie("session")`.
   * @default "session"
   * @example
   * jwtUser({ secrets, audience: "shop", cookie: hostCookie("session") });
   */
  readonly cookie?: string | ((request: Request) => string);
}

/** The result of reading a request's token. */
export type JwtReading =
  | {
      readonly kind: "verified";
      /** The token's `sub`. */
      readonly subject: string;
      readonly claims: JWTPayload;
      /** Browsers send cookies for pages of any origin, so a "cookie" needs a check of the Origin header. */
      readonly from: "bearer" | "cookie";
    }
  | { readonly kind: "invalid" }
  | { readonly kind: "missing" };

/** The longest token that is verified, in characters: every client could ask for the work. */
const MAX_TOKEN = 4096;
const MAX_SUBJECT = 256;

/**
 * Makes the function that reads a signed JWT (RFC 7519) from the Authorization header, or else from a cookie.
 * A token must be signed by HS256 and have `exp`, `sub` and `aud`. The function never rejects.
 *
 * @throws {HeadgateError} IDENTITY_OPTIONS_INVALID for a secret or an audience that is no text, or empty: without
 * them a token would not be verified
 * @example
 * const read = jwtReader({ secrets, audience: "shop" });
 * const token = await read(request);
 */
export function jwtReader(options: JwtOptions): (request: Request) => Promise<JwtReading> {
  checkOptions(options);
  const keys = options.secrets.map((secret) => new TextEncoder().encode(secret));
  const { cookie = "session" } = options;
  return async (request) => {
    const name = typeof cookie === "string" ? cookie : cookie(request);
    const tokens = tokensOf(request.headers, name);
    for (const { token, from } of tokens) {
      for (const key of keys) {
        const claims = await claimsOf(token, key, options.audience);
        if (claims?.sub) return { kind: "verified", subject: claims.sub, claims, from };
      }
    }
    return { kind: tokens.length > 0 ? "invalid" : "missing" };
  };
}

/**
 * Makes the function that names a cookie for a request: with the prefix `__Host-` when the site is https
 * (RFC 6265bis, 4.1.3.2). Browsers accept such a cookie from this host and by TLS only, so that neither a page
 * without TLS nor another subdomain can replace the app's cookie.
 *
 * @example
 * jwtUser({ secrets, audience: "shop", cookie: hostCookie("session") });
 */
export function hostCookie(name: string): (request: Request) => string {
  return (request) => (isHttps(request) ? `__Host-${name}` : name);
}

/**
 * Resolves the user (`sub`) of a request's token. A token that does not verify names no user.
 *
 * @throws {HeadgateError} IDENTITY_OPTIONS_INVALID as {@link jwtReader} does
 * @example
 * export const identities = defineIdentities({ user: jwtUser({ secrets, audience: "shop" }) });
 */
export function jwtUser(options: JwtOptions): (request: Request) => Promise<string | undefined> {
  const read = jwtReader(options);
  return async (request) => {
    const token = await read(request);
    return token.kind === "verified" ? token.subject : undefined;
  };
}

function checkOptions({ secrets, audience }: JwtOptions): void {
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  if (!Array.isArray(secrets) || !secrets.every(isText)) {
    throw invalidOption("jwtReader", "secrets", "a list of texts that are not empty");
  }
  if (!isText(audience)) throw invalidOption("jwtReader", "audience", "text that is not empty");
}

/** The types (`typ`) of tokens that name a user: those of RFC 7519, and of access tokens (RFC 9068). */
const TYPES = new Set([undefined, "jwt", "at+jwt", "application/at+jwt"]);

async function claimsOf(token: string, key: Uint8Array, audience: string) {
  if (token.length > MAX_TOKEN) return undefined;
  try {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience,
      requiredClaims: ["exp", "sub"],
    });
    // A token of another type is for another purpose, such as a new password (RFC 8725, 3.11).
    if (!TYPES.has(protectedHeader.typ?.toLowerCase())) return unverified("type");
    // A signer may write a number or a list instead of text.
    const subject: unknown = payload.sub;
    const isName = typeof subject === "string" && subject !== "" && subject.length <= MAX_SUBJECT;
    return isName ? payload : unverified("sub");
  } catch (error) {
    // A token that is forged, expired or for another audience names no user; the address is counted instead.
    return unverified(error);
  }
}

type Found = { readonly token: string; readonly from: "bearer" | "cookie" };

function tokensOf(headers: Headers, cookie: string): Found[] {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const fromCookie = cookieValue(headers.get("cookie") ?? "", cookie);
  return [
    ...(bearer ? [{ token: bearer, from: "bearer" } as const] : []),
    ...(fromCookie ? [{ token: fromCookie, from: "cookie" } as const] : []),
  ];
}

function cookieValue(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && withoutBlanks(pair.slice(0, at)) === name) {
      return withoutBlanks(pair.slice(at + 1));
    }
  }
  return undefined;
}
