import { EXPOSED } from "./headers.ts";

/** Which pages may read answers from another origin (Fetch standard, CORS protocol). */
export interface Cors {
  /** Origins such as "https://shop.example", or "*" for all. */
  readonly origins: readonly string[];
  /**
   * Further headers that pages may read. Next keeps the middleware's Access-Control-Expose-Headers and
   * drops a handler's, so what a handler exposes on answers that tell limits belongs here.
   * @default none
   * @example
   * cors: { origins: ["https://shop.example"], exposedHeaders: ["X-Total-Count"] }
   */
  readonly exposedHeaders?: readonly string[];
}

/** What the gate has put into an answer. */
export interface Added {
  /** Whether the gate denied the request, so that no handler had a say. */
  readonly isDenial: boolean;
  /** Whether the answer has headers of the gate's that a page would read. */
  readonly tellsLimits: boolean;
}

/**
 * Lets a page of an allowed origin read the answer and its rate-limit headers. Without it a browser
 * hides a denial from the page that caused it. A denial is readable with credentials too, for an origin
 * that is named; of a handler's answer that is for the handler to say. What the app has set stays.
 */
export function writeCorsHeaders(
  headers: Headers,
  request: Request,
  { origins, exposedHeaders = [] }: Cors,
  { isDenial, tellsLimits }: Added,
): void {
  // Where the answer is the same for all origins a cache needs no copy for each.
  if (origins.some((one) => one !== "*")) headers.append("Vary", "Origin");
  const origin = request.headers.get("origin");
  if (!origin) return;
  const isNamed = origins.includes(origin);
  if (!isNamed && !origins.includes("*")) return;
  if (!headers.has(ALLOW_ORIGIN)) headers.set(ALLOW_ORIGIN, isNamed ? origin : "*");
  if (isDenial && isNamed && headers.get(ALLOW_ORIGIN) === origin) {
    headers.set("Access-Control-Allow-Credentials", "true");
  }
  if (isDenial || tellsLimits) {
    headers.append("Access-Control-Expose-Headers", [EXPOSED, ...exposedHeaders].join(", "));
  }
}

const ALLOW_ORIGIN = "Access-Control-Allow-Origin";
