import type { ServerResponse } from "node:http";

/** How long a stream that was ended may take to be read to its end, in milliseconds. */
const END_MS = 1_000;

/** Returns true for a response that has begun as an event stream (`text/event-stream`). */
export function isEventStream(response: ServerResponse): boolean {
  // Headers that were given with the head stand in its text alone, which Node's types hide.
  const { _header: head } = response as ServerResponse & { readonly _header: string | null };
  return head !== null && /^content-type: *text\/event-stream\b/im.test(head);
}

/**
 * Ends a response as its handler would, so that the client reads it to a proper end. A client that has
 * not done so after a second is disconnected. What the handler writes later is dropped.
 */
export function endStream(response: ServerResponse): void {
  if (response.writableEnded) return;
  // Without a listener, what is written after the end would end the process.
  response.on("error", () => {});
  response.end();
  setTimeout(() => response.destroy(), END_MS).unref();
}
