import { headers } from "next/headers";

/**
 * The request that a Server Action or a Server Component answers, for `limit(…, { request })`: Next
 * gives them its headers alone. They are those that came to our server, where the client's address
 * has been put in the place of whatever was claimed; method, path and body are not the request's.
 */
export async function currentRequest(): Promise<Request> {
  return new Request("http://current-request.invalid/", { headers: new Headers(await headers()) });
}
