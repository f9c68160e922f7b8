import { SignJWT } from "jose";

export interface TokenOptions {
  /** The HMAC secret, at least 32 characters. */
  readonly secret: string;
  readonly audience: string;
  /** Who it is: the token's `sub`. */
  readonly subject: string;
  readonly role?: string | undefined;
  /** How long it is good, in seconds. */
  readonly seconds: number;
}

/**
 * Signs a token as the app reads it: a JWT (RFC 7519), HS256, with `sub`, `aud`, `iat` and `exp`.
 *
 * @example
 * const token = await signJwt({ secret, audience: "shop", subject: "ada", seconds: 3600 });
 */
export function signJwt(options: TokenOptions): Promise<string> {
  const { secret, audience, subject, role, seconds } = options;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(role === undefined ? {} : { role })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(subject)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(secret));
}
