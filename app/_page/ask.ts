import { FRESH } from "./samples.ts";

/** A request that the page sends to a route of the same app. */
export interface PageRequest {
  readonly method: string;
  /** With the query, if there is one. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  /** Sent as a form. */
  readonly form?: URLSearchParams;
}

/**
 * Sends a request, past every cache; what its body holds in the place of a fresh value is filled in.
 *
 * @param token names the user; without it the browser's session does, if there is one
 * @throws where no answer comes
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

/** A value that no other request has. */
export function fresh(): string {
  // Not randomUUID, which a page has over TLS and on its own machine alone.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
