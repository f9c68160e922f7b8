/**
 * Returns true when the client reached the site by https. A proxy that terminates TLS sets
 * X-Forwarded-Proto, and Next sets it when no proxy does; the first value is the client's.
 *
 * @example
 * isHttps(new Request("http://10.0.0.7/", { headers: { "x-forwarded-proto": "https" } })); // true
 */
export function isHttps({ headers, url }: Pick<Request, "headers" | "url">): boolean {
  const [first = ""] = (headers.get("x-forwarded-proto") ?? "").split(",");
  return (first.trim().toLowerCase() || new URL(url).protocol.slice(0, -1)) === "https";
}
