import { SignJWT } from "jose";

/** The secret that signs the tokens of the tests. */
export const AUTH_SECRET = "the current secret of the tests, long enough";

interface Claims {
  readonly sub?: string;
  readonly role?: string;
  readonly aud?: string;
  readonly exp?: string;
  readonly alg?: string;
  readonly secret?: string;
}

/** Returns a token that the app accepts, with the given changes. */
export function sign({
  sub = "artist-1",
  role,
  aud = "headgate",
  exp = "5 minutes",
  alg = "HS256",
  secret = AUTH_SECRET,
}: Claims = {}): Promise<string> {
  return new SignJWT(role === undefined ? {} : { role })
    .setProtectedHeader({ alg })
    .setSubject(sub)
    .setAudience(aud)
    .setExpirationTime(exp)
    .sign(new TextEncoder().encode(secret));
}
