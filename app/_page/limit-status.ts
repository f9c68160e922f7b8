import { type List, parseList } from "structured-headers";

/** One limit as an answer's headers describe it. */
export interface LimitStatus {
  readonly name: string;
  /** Requests in one window. */
  readonly quota: number;
  /** Requests that the limit still allows; undefined when the answer names only the limits that denied. */
  readonly remaining: number | undefined;
}

/**
 * Reads RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11). An answer without
 * these headers, or with headers that cannot be read, has no limits: a header must not make the page
 * fail.
 */
export function readLimits(headers: Headers): LimitStatus[] {
  const remaining = new Map(members(headers, "RateLimit", "r"));
  return members(headers, "RateLimit-Policy", "q").map(([name, quota]) => ({
    name,
    quota,
    remaining: remaining.get(name),
  }));
}

/** Returns each named member's parameter, when the parameter is a number. */
function members(headers: Headers, header: string, parameter: string): [string, number][] {
  return parse(headers.get(header) ?? "").flatMap(([value, parameters]): [string, number][] => {
    const number = parameters.get(parameter);
    return typeof value === "string" && typeof number === "number" ? [[value, number]] : [];
  });
}

function parse(text: string): List {
  try {
    return parseList(text);
  } catch {
    return [];
  }
}

/** Returns the seconds of Retry-After (RFC 9110, section 10.2.3); undefined when the header is absent. */
export function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get("Retry-After");
  return text && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
