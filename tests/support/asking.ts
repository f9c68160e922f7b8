import type { createGate } from "#lib/gate";

/** A client's request. A stream as its body needs `duplex`. */
export type Asked = RequestInit & { readonly duplex?: "half" };

/**
 * Returns a function that sends requests to a gate as one client, by address. It awaits the gate's work after
 * the response.
 */
export function asking(guard: ReturnType<typeof createGate>) {
  return async (path: string, init: Asked = {}): Promise<Response> => {
    const later: Promise<unknown>[] = [];
    const headers = new Headers(init.headers);
    if (!headers.has("x-forwarded-for")) headers.set("x-forwarded-for", "203.0.113.9");
    const request = new Request(`http://app.example${path}`, { ...init, headers });
    const answer = await guard(request, { waitUntil: (work) => later.push(work) });
    await Promise.all(later);
    return answer;
  };
}
