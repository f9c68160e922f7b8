import { FRESH } from "./samples.ts";

/** A request that the page sends to a route of the same app. */
export interface PageRequest {
  readonly method: string;
  /** The path, with the query if it has one. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  /** Sent as a form. */
  readonly form?: URLSearchParams;
}

/**
 * Sends a request past every cache, and replaces the placeholder for a fresh value in its body.
 *
 * @param token names the user; without it the browser's session names the user, if there is one
 * @throws when no answer arrives
 */
export function ask({ method, path, body, form }: PageRequest, token?: string): Promise<Response> {
  return fetch(path, {
    method,
    headers: {
      accept: "application/json",
      ...(body && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body).replaceAll(FRESH, fresh) }),
    ...(form && { body: form }),
    cache: "no-store",
    redirect: "manual",
  });
}

/** Returns a value that differs for each request. */
export function fresh(): string {
  // randomUUID is not used, because a page has it only over TLS and on loopback.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
