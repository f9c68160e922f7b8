import type { createGate } from "#lib/gate";

/** A request of a client; a stream as its body needs `duplex`. */
export type Asked = RequestInit & { readonly duplex?: "half" };

/**
 * Makes the function that asks a gate as one client, by its address. What the gate puts off until after
 * the response is awaited.
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
