import { headers } from "next/headers";

/**
 * Returns the request of a Server Action or a Server Component, for `limit(…, { request })`. Next gives
 * them only its headers. Our server has replaced the client's address in these headers. Method, path
 * and body are not the request's.
 */
export async function currentRequest(): Promise<Request> {
  return new Request("http://current-request.invalid/", { headers: new Headers(await headers()) });
}
