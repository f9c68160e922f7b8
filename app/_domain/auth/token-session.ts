import { jwtReader, type JwtReading } from "headgate/identities/jwt";
import { ADMIN } from "./caller.ts";
import { cookieOf } from "./session.ts";

/** Why a token starts no session: it is not valid or has expired, or its role is not the admin's. */
export type TokenRejection = "token" | "role";

/** The result for a token: the Set-Cookie header of a session, or the reason why no session started. */
export type TokenSession =
  | { readonly cookie: string; readonly rejection?: undefined }
  | { readonly rejection: TokenRejection };

/**
 * Starts an admin's session with a token that a person pasted. The session is the token itself, so it
 * ends when the token expires.
 *
 * @param now milliseconds since 1970
 */
export async function sessionOfToken(
  request: Request,
  { token, secrets, audience }: TokenSessionOptions,
  now = Date.now(),
): Promise<TokenSession> {
  const reading = await readToken(token.trim(), { secrets, audience });
  if (reading.kind !== "verified") return { rejection: "token" };
  if (reading.claims["role"] !== ADMIN) return { rejection: "role" };
  const seconds = Math.floor((reading.claims.exp ?? 0) - now / 1000);
  return { cookie: cookieOf(request, token.trim(), Math.max(seconds, 1)) };
}

interface TokenSessionOptions {
  readonly token: string;
  readonly secrets: readonly string[];
  readonly audience: string;
}

/** Reads a token as a request would carry it. Text that a header cannot hold is not a token. */
async function readToken(
  token: string,
  options: Pick<TokenSessionOptions, "secrets" | "audience">,
): Promise<JwtReading> {
  if (!/^[\w.-]{1,4096}$/.test(token)) return { kind: "invalid" };
  const headers = { authorization: `Bearer ${token}` };
  return jwtReader(options)(new Request("http://token.invalid/", { headers }));
}
