import { signToken } from "#lib/identity/sign";

/** How long a session lasts, in seconds: 8 hours. */
const SESSION_SECONDS = 8 * 3600;

/** Who a session is for, and what signs it. */
export interface SessionOptions {
  readonly secret: string;
  readonly audience: string;
  readonly user: string;
  readonly role?: string | undefined;
}

/**
 * The Set-Cookie header (RFC 6265) that begins a session: out of reach of scripts, sent over TLS (or
 * to the machine's own loopback) alone, and not with other sites' POSTs.
 */
export async function sessionCookie(options: SessionOptions): Promise<string> {
  const { user: subject, ...rest } = options;
  const token = await signToken({ ...rest, subject, seconds: SESSION_SECONDS });
  return `session=${token}; ${ATTRIBUTES}; Max-Age=${SESSION_SECONDS}`;
}

const ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax";

/** The Set-Cookie header that ends a session in this browser. */
export const END_OF_SESSION = `session=; ${ATTRIBUTES}; Max-Age=0`;
