import type { ServerResponse } from "node:http";

/** How long the client may take to read an ended stream to its end, in milliseconds. */
const END_MS = 1_000;

/** Returns true for a response that has begun as an event stream (`text/event-stream`). */
export function isEventStream(response: ServerResponse): boolean {
  // Headers that were passed to `writeHead` are only in the text of the head, which Node's types hide.
  const { _header: head } = response as ServerResponse & { readonly _header: string | null };
  return head !== null && /^content-type: *text\/event-stream\b/im.test(head);
}

/**
 * Ends a response as its handler would, so that the client reads a complete stream. A client that has not
 * read it to the end after a second is disconnected. Later writes of the handler are dropped.
 */
export function endStream(response: ServerResponse): void {
  if (response.writableEnded) return;
  // Without a listener, a write after the end would be an uncaught exception.
  response.on("error", () => {});
  response.end();
  setTimeout(() => response.destroy(), END_MS).unref();
}
