import { isHttps } from "#lib/core/scheme";

/**
 * Returns true when a page of the request's own origin sent it. Browsers say so in `Sec-Fetch-Site`, which no
 * page can set. A browser that does not send that header, such as any browser on a site without TLS, sends
 * `Origin` with each POST. Its host must be that of the request, and its scheme must be https when the site's
 * is. A request with neither header does not come from a page.
 */
export function isFromOwnPage(request: Request): boolean {
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin") ?? "";
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  // A proxy may have added the default port of the scheme.
  const ownOrigin = `${protocol}//${headers.get("host") ?? ""}`;
  const isSecureEnough = protocol === "https:" || (protocol === "http:" && !isHttps(request));
  return isSecureEnough && URL.canParse(ownOrigin) && new URL(ownOrigin).host === host;
}
