import { hostCookie, signJwt } from "headgate/identities/jwt";

/** How long a session lasts, in seconds: 8 hours. */
const SESSION_SECONDS = 8 * 3600;

/** The cookie that holds a session: `session`, or `__Host-session` where the site is https. */
export const sessionName = hostCookie("session");

/** Who a session is for, and what signs it. */
export interface SessionOptions {
  readonly secret: string;
  readonly audience: string;
  readonly user: string;
  readonly role?: string | undefined;
}

/**
 * The Set-Cookie header (RFC 6265) that begins a session: out of reach of scripts, sent over TLS (or
 * to the machine's own loopback) alone, and not with other sites' POSTs. On https its name says that
 * this host set it.
 */
export async function sessionCookie(request: Request, options: SessionOptions): Promise<string> {
  const { user: subject, ...rest } = options;
  const token = await signJwt({ ...rest, subject, seconds: SESSION_SECONDS });
  return cookieOf(request, token, SESSION_SECONDS);
}

/** Returns the Set-Cookie header that makes a token of the app's a session, until the token ends. */
export function cookieOf(request: Request, token: string, seconds: number): string {
  return `${sessionName(request)}=${token}; ${ATTRIBUTES}; Max-Age=${seconds}`;
}

const ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax";

/** Returns the Set-Cookie header that ends a session in this browser. */
export function endOfSession(request: Request): string {
  return `${sessionName(request)}=; ${ATTRIBUTES}; Max-Age=0`;
}
