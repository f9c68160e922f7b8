import { isHttps } from "headgate";
import type { JwtReading } from "headgate/identities/jwt";
import { type Input, refuse } from "#app/_domain/http/problem";

/** Who asks, as a verified token says. */
export interface Caller {
  readonly user: string;
  readonly role: string | undefined;
}

export interface CallerParts {
  readonly read: (request: Request) => Promise<JwtReading>;
  /** The origin of the app's own pages; undefined: the request's host is theirs. */
  readonly appOrigin: string | undefined;
}

/** The role that may run the pipeline. */
export const ADMIN = "admin";

/**
 * Makes what knows a request's caller. Without a token that verifies it is 401 (RFC 6750); a cookie
 * alone is not enough where the Origin is not our own (403), since other sites' pages send it too.
 */
export function createCallers({ read, appOrigin }: CallerParts) {
  /** Returns who a page may name as signed in. To show a name changes nothing, so any Origin will do. */
  async function shown(request: Request): Promise<Caller | undefined> {
    const token = await read(request);
    return token.kind === "verified" ? callerOf(token) : undefined;
  }

  async function signedIn(request: Request): Promise<Input<Caller>> {
    const token = await read(request);
    if (token.kind !== "verified") return unauthorized(token.kind);
    if (token.from === "cookie" && !isOwnPage(request, appOrigin)) {
      return refuse(FOREIGN);
    }
    return { ok: true, value: callerOf(token) };
  }

  async function admin(request: Request): Promise<Input<Caller>> {
    const caller = await signedIn(request);
    if (!caller.ok || caller.value.role === ADMIN) return caller;
    return refuse({
      status: 403,
      title: "Not allowed",
      detail: `Only the role ${JSON.stringify(ADMIN)} may do this.`,
    });
  }

  return { shown, signedIn, admin };
}

function callerOf({ subject, claims }: Extract<JwtReading, { kind: "verified" }>): Caller {
  const { role } = claims;
  return { user: subject, role: typeof role === "string" ? role : undefined };
}

/** The answer to what another site's page has a browser send. */
export const FOREIGN = {
  status: 403,
  title: "The request's origin is not this app's",
  detail: "With a session cookie the Origin header must name the app itself.",
};

/** A route that does not mind who asks. */
export async function anyone(): Promise<Input<undefined>> {
  return { ok: true, value: undefined };
}

function unauthorized(why: "invalid" | "missing"): Input<never> {
  const challenge =
    why === "invalid"
      ? 'Bearer realm="headgate", error="invalid_token"'
      : 'Bearer realm="headgate"';
  return refuse(
    {
      status: 401,
      title: "Not signed in",
      detail:
        why === "invalid"
          ? "The token does not verify, or has expired."
          : "A bearer token or a session cookie is required.",
    },
    { "WWW-Authenticate": challenge },
  );
}

/**
 * Returns true when a page of the app's own sent the request. Without `appOrigin` the Origin must name
 * the request's host, and be https where the site is: a page without TLS may be anybody's.
 */
export function isOwnPage(request: Request, appOrigin: string | undefined): boolean {
  const { headers } = request;
  const origin = headers.get("origin");
  if (!origin) return false;
  if (appOrigin !== undefined) return origin === appOrigin;
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  // A page cannot choose the Host that its browser sends. A proxy may add the port that is the default.
  const site = `${protocol}//${headers.get("host") ?? ""}`;
  const isSecureEnough = protocol === "https:" || (protocol === "http:" && !isHttps(request));
  return isSecureEnough && URL.canParse(site) && new URL(site).host === host;
}
