import { isHttps } from "#lib/core/scheme";

/**
 * Returns true when a page of the request's own origin sent it. A browser says so in `Sec-Fetch-Site`, which no
 * page can set. A browser that does not send that header, such as any browser on a site without TLS, sends
 * `Origin` with each POST: its host must be the one that was asked for, and its scheme https where the site's is.
 * A request with neither header is no page's.
 */
export function isFromOwnPage(request: Request): boolean {
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin") ?? "";
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  // A proxy may have added the port that is the default of the scheme.
  const asked = `${protocol}//${headers.get("host") ?? ""}`;
  const isSecureEnough = protocol === "https:" || (protocol === "http:" && !isHttps(request));
  return isSecureEnough && URL.canParse(asked) && new URL(asked).host === host;
}
