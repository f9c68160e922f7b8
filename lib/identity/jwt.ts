import { type JWTPayload, jwtVerify } from "jose";
import { isHttps } from "#lib/core/scheme";
import { withoutBlanks } from "./blanks.ts";
import { invalidOption } from "./sessions/given.ts";

export interface JwtOptions {
  /** HMAC secrets that sign tokens: the current one first, then one that is being rotated out. */
  readonly secrets: readonly string[];
  /** The `aud` that a token must carry. */
  readonly audience: string;
  /**
   * The cookie that may hold the token when there is no bearer: its name, or a function that names it
   * for a request, such as `hostCookie("session")`.
   * @default "session"
   */
  readonly cookie?: string | ((request: Request) => string);
}

/** What a request's token says. */
export type JwtReading =
  | {
      readonly kind: "verified";
      /** The token's `sub`. */
      readonly subject: string;
      readonly claims: JWTPayload;
      /** A cookie comes without the page's doing: what it allows needs the page's origin checked. */
      readonly from: "bearer" | "cookie";
    }
  | { readonly kind: "invalid" }
  | { readonly kind: "missing" };

/** Longer tokens are not looked at: verifying them is work that anybody could ask for. */
const MAX_TOKEN = 4096;
const MAX_SUBJECT = 256;

/**
 * Reads a signed JWT (RFC 7519) from the Authorization header, or else from a cookie. HS256 only,
 * `exp`, `sub` and `aud` required. What it returns never throws.
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
 * Names a cookie for a request: with the prefix `__Host-` where the site is https (RFC 6265bis,
 * 4.1.3.2). Browsers take such a cookie from this host and by TLS alone, so that neither a page
 * without TLS nor another subdomain can put its own in the place of the app's.
 *
 * @example
 * jwtUser({ secrets, audience: "shop", cookie: hostCookie("session") });
 */
export function hostCookie(name: string): (request: Request) => string {
  return (request) => (isHttps(request) ? `__Host-${name}` : name);
}

/**
 * Resolves the user (`sub`) of a request's token. One that does not verify names no user.
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
    throw invalidOption("jwtReader", "secrets", "a list of texts, of which none is empty");
  }
  if (!isText(audience)) throw invalidOption("jwtReader", "audience", "text that is not empty");
}

/** The types (`typ`) of tokens that name a user: of RFC 7519, and of access tokens (RFC 9068). */
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
    if (!TYPES.has(protectedHeader.typ?.toLowerCase())) return undefined;
    // What was signed is text only if it is: a signer may write a number or a list.
    const subject: unknown = payload.sub;
    const isName = typeof subject === "string" && subject !== "" && subject.length <= MAX_SUBJECT;
    return isName ? payload : undefined;
  } catch {
    // Forged, expired or for somebody else: no user. The address is counted instead.
    return undefined;
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
