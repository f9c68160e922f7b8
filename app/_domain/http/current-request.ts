import { headers } from "next/headers";

/**
 * Returns the request of a Server Action or a Server Component, for `limit(…, { request })`. Next gives
 * them only its headers. Our server has replaced the client's address in these headers. Path and body are
 * not the request's.
 *
 * @param method "POST" for an action, and "GET" for a page
 */
export async function currentRequest(method: "GET" | "POST"): Promise<Request> {
  const init = { method, headers: new Headers(await headers()) };
  return new Request("http://current-request.invalid/", init);
}
