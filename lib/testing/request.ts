/** The header that a test's gate takes the client's address from. */
export const ADDRESS_HEADER = "x-test-client-ip";

/** The client of a request that names none: an address for documentation (RFC 5737). */
export const SOME_ADDRESS = "203.0.113.1";

/** The parts of a test's request in addition to its path. */
export interface TestRequest {
  /**
   * The method of the request.
   * @default "GET"
   * @example
   * await createTestGate(policy).send("/login", { method: "POST" });
   */
  readonly method?: string;
  /**
   * The address that the request comes from.
   * @default "203.0.113.1"
   * @example
   * await createTestGate(policy).send("/api/search", { ip: "203.0.113.7" });
   */
  readonly ip?: string;
  /**
   * The headers of the request, beside those of its address and cookies.
   * @default no further headers
   * @example
   * await createTestGate(policy).send("/account", { headers: { authorization: `Bearer ${token}` } });
   */
  readonly headers?: HeadersInit;
  /**
   * Cookies by name; values are sent as they are.
   * @default no cookies
   * @example
   * await createTestGate(policy).send("/account", { cookies: { session: token } });
   */
  readonly cookies?: Readonly<Record<string, string>>;
  /**
   * The body of the request. Text is sent with Content-Length, as browsers do.
   * @default no body
   * @example
   * await createTestGate(policy).send("/login", { method: "POST", body: "name=ada" });
   */
  readonly body?: BodyInit | null;
}

/**
 * Makes a request with a client address.
 *
 * @param path the path with its query, or a complete URL; the site is http://localhost
 */
export function requestOf(path: string, about: TestRequest = {}): Request {
  const { method = "GET", ip = SOME_ADDRESS, cookies = {}, body = null } = about;
  const headers = new Headers(about.headers);
  headers.set(ADDRESS_HEADER, ip);
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  if (cookie.length > 0) headers.set("cookie", cookie.join("; "));
  if (typeof body === "string") headers.set("content-length", String(Buffer.byteLength(body)));
  return new Request(new URL(path, "http://localhost"), { method, headers, body });
}
