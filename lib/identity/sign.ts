import { SignJWT } from "jose";

/** Options of `signJwt`. */
export interface TokenOptions {
  /**
   * The HMAC secret, of at least 32 characters.
   * @example
   * await signJwt({ secret, audience: "shop", subject: "ada", seconds: 3600 });
   */
  readonly secret: string;
  /**
   * The token's `aud`, such as "shop".
   * @example
   * await signJwt({ secret, audience: "shop", subject: "ada", seconds: 3600 });
   */
  readonly audience: string;
  /**
   * The user: the token's `sub`.
   * @example
   * await signJwt({ secret, audience: "shop", subject: "ada", seconds: 3600 });
   */
  readonly subject: string;
  /**
   * The claim `role`.
   * @default no such claim
   * @example
   * await signJwt({ secret, audience: "shop", subject: "ada", seconds: 3600, role: "admin" });
   */
  readonly role?: string | undefined;
  /**
   * How long the token is valid, in seconds.
   * @example
   * await signJwt({ secret, audience: "shop", subject: "ada", seconds: 3600 });
   */
  readonly seconds: number;
}

/**
 * Signs a token that `jwtReader` accepts: a JWT (RFC 7519) by HS256, with `sub`, `aud`, `iat` and `exp`.
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
