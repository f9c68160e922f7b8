import { hostCookie, signJwt } from "headgate/identities/jwt";

/** How long a session lasts, in seconds: 8 hours. */
const SESSION_SECONDS = 8 * 3600;

/** The cookie that holds a session: `session`, or `__Host-session` on https. */
export const sessionName = hostCookie("session");

/** The user of a session, and the secret that signs it. */
export interface SessionOptions {
  readonly secret: string;
  readonly audience: string;
  readonly user: string;
  readonly role?: string | undefined;
}

/**
 * Returns the Set-Cookie header (RFC 6265) that starts a session. Scripts cannot read the cookie; it is
 * sent only over TLS or to loopback, and not with POSTs of other sites. On https its name proves that
 * this host set it.
 */
export async function sessionCookie(request: Request, options: SessionOptions): Promise<string> {
  const { user: subject, ...rest } = options;
  const token = await signJwt({ ...rest, subject, seconds: SESSION_SECONDS });
  return cookieOf(request, token, SESSION_SECONDS);
}

/** Returns the Set-Cookie header that makes one of the app's tokens a session, until the token expires. */
export function cookieOf(request: Request, token: string, seconds: number): string {
  return `${sessionName(request)}=${token}; ${ATTRIBUTES}; Max-Age=${seconds}`;
}

const ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax";

/** Returns the Set-Cookie header that ends a session in this browser. */
export function endOfSession(request: Request): string {
  return `${sessionName(request)}=; ${ATTRIBUTES}; Max-Age=0`;
}
