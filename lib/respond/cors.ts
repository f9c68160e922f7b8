import { EXPOSED } from "./headers.ts";

/** Who may read answers from another origin (Fetch standard, CORS protocol). */
export interface Cors {
  /** Origins such as "https://shop.example", or "*" for all. */
  readonly origins: readonly string[];
}

/**
 * Lets a page of an allowed origin read the answer and its rate-limit headers. Without it a browser
 * hides a refusal from the page that caused it. What the app has set already stays.
 */
export function writeCorsHeaders(headers: Headers, request: Request, cors: Cors): void {
  const origin = request.headers.get("origin");
  if (cors.origins.length === 0) return;
  headers.append("Vary", "Origin");
  if (!origin || !allows(cors, origin)) return;
  if (!headers.has("Access-Control-Allow-Origin")) {
    headers.set("Access-Control-Allow-Origin", cors.origins.includes("*") ? "*" : origin);
  }
  headers.append("Access-Control-Expose-Headers", EXPOSED);
}

function allows(cors: Cors, origin: string): boolean {
  return cors.origins.includes("*") || cors.origins.includes(origin);
}
