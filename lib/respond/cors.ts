import { EXPOSED } from "./headers.ts";

/** The pages of other origins that may read responses (Fetch standard, CORS protocol). */
export interface Cors {
  /**
   * Origins such as "https://shop.example", or "*" for all.
   * @example
   * headgate(policy, { ...options, cors: { origins: ["https://shop.example"] } });
   */
  readonly origins: readonly string[];
  /**
   * Further headers that pages may read. Next keeps the middleware's Access-Control-Expose-Headers and
   * drops a handler's, so headers that a handler exposes on responses with limits must be listed here.
   * @default no further headers
   * @example
   * const cors = { origins: ["https://shop.example"], exposedHeaders: ["X-Total-Count"] };
   * headgate(policy, { ...options, cors });
   */
  readonly exposedHeaders?: readonly string[];
}

/** The gate's part in a response. */
export interface Added {
  /** Whether the gate denied the request, so that no handler was called. */
  readonly isDenial: boolean;
  /** Whether the response has rate-limit headers, which a page may want to read. */
  readonly showsLimits: boolean;
}

/**
 * Writes the headers by which a page of an allowed origin may read the response and its rate-limit headers.
 * Without them a browser hides a denial from the page that caused it. A denial may be read with credentials too
 * when the origin is named; a handler decides about credentials itself. Headers that the app has set stay.
 */
export function writeCorsHeaders(
  headers: Headers,
  request: Request,
  { origins, exposedHeaders = [] }: Cors,
  { isDenial, showsLimits }: Added,
): void {
  // With "*" alone the response is the same for all origins, and a cache needs no copy for each.
  if (origins.some((one) => one !== "*")) headers.append("Vary", "Origin");
  const origin = request.headers.get("origin");
  if (!origin) return;
  const isNamed = origins.includes(origin);
  if (!isNamed && !origins.includes("*")) return;
  if (!headers.has(ALLOW_ORIGIN)) headers.set(ALLOW_ORIGIN, isNamed ? origin : "*");
  if (isDenial && isNamed && headers.get(ALLOW_ORIGIN) === origin) {
    headers.set("Access-Control-Allow-Credentials", "true");
  }
  if (isDenial || showsLimits) {
    headers.append("Access-Control-Expose-Headers", [EXPOSED, ...exposedHeaders].join(", "));
  }
}

const ALLOW_ORIGIN = "Access-Control-Allow-Origin";
