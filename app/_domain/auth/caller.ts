import { isHttps } from "headgate";
import type { JwtReading } from "headgate/identities/jwt";
import { type Input, reject } from "#app/_domain/http/problem";

/** The caller that a verified token names. */
export interface Caller {
  readonly user: string;
  readonly role: string | undefined;
}

export interface CallerParts {
  readonly read: (request: Request) => Promise<JwtReading>;
  /** The origin of the app's pages; when undefined, the request's host counts as the app's. */
  readonly appOrigin: string | undefined;
}

/** The role that may run the pipeline. */
export const ADMIN = "admin";

/**
 * Makes the functions that return a request's caller. A request without a valid token gets 401 (RFC
 * 6750). A cookie counts only when the Origin is the app's (else 403), because pages of other sites
 * send it too.
 */
export function createCallers({ read, appOrigin }: CallerParts) {
  /**
   * Returns the user that a page may show as signed in. Showing a name changes nothing, so any Origin
   * is accepted.
   */
  async function shown(request: Request): Promise<Caller | undefined> {
    const token = await read(request);
    return token.kind === "verified" ? callerOf(token) : undefined;
  }

  async function signedIn(request: Request): Promise<Input<Caller>> {
    const token = await read(request);
    if (token.kind !== "verified") return unauthorized(token.kind);
    if (token.from === "cookie" && !isOwnPage(request, appOrigin)) {
      return reject(FOREIGN);
    }
    return { ok: true, value: callerOf(token) };
  }

  async function admin(request: Request): Promise<Input<Caller>> {
    const caller = await signedIn(request);
    if (!caller.ok || caller.value.role === ADMIN) return caller;
    return reject({
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

/** The response to a request that a page of another site made a browser send. */
export const FOREIGN = {
  status: 403,
  title: "The request does not come from a page of this app",
  detail: "A request with a session cookie must have this app as its Origin.",
};

/** Accepts every caller, for a route without sign-in. */
export async function anyCaller(): Promise<Input<undefined>> {
  return { ok: true, value: undefined };
}

function unauthorized(why: "invalid" | "missing"): Input<never> {
  const challenge =
    why === "invalid"
      ? 'Bearer realm="headgate", error="invalid_token"'
      : 'Bearer realm="headgate"';
  return reject(
    {
      status: 401,
      title: "Not signed in",
      detail:
        why === "invalid"
          ? "The token is not valid, or has expired."
          : "A bearer token or a session cookie is required.",
    },
    { "WWW-Authenticate": challenge },
  );
}

/**
 * Returns true when one of the app's pages sent the request. Without `appOrigin` the Origin must name
 * the request's host, and must be https when the site is: another party on the network can forge a page
 * without TLS.
 */
export function isOwnPage(request: Request, appOrigin: string | undefined): boolean {
  const { headers } = request;
  const origin = headers.get("origin");
  if (!origin) return false;
  if (appOrigin !== undefined) return origin === appOrigin;
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  // A page cannot choose the Host that its browser sends. A proxy may add the default port.
  const site = `${protocol}//${headers.get("host") ?? ""}`;
  const isSecureEnough = protocol === "https:" || (protocol === "http:" && !isHttps(request));
  return isSecureEnough && URL.canParse(site) && new URL(site).host === host;
}
