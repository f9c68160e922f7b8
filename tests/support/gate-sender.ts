import type { createGate } from "#lib/gate";

/** A client's request. A stream as its body needs `duplex`. */
export type SentInit = RequestInit & { readonly duplex?: "half" };

/**
 * Returns a function that sends requests to a gate as one client, by address. It awaits the gate's work after
 * the response.
 */
export function senderTo(guard: ReturnType<typeof createGate>) {
  return async (path: string, init: SentInit = {}): Promise<Response> => {
    const background: Promise<unknown>[] = [];
    const headers = new Headers(init.headers);
    if (!headers.has("x-forwarded-for")) headers.set("x-forwarded-for", "203.0.113.9");
    const request = new Request(`http://app.example${path}`, { ...init, headers });
    const answer = await guard(request, { waitUntil: (work) => background.push(work) });
    await Promise.all(background);
    return answer;
  };
}
