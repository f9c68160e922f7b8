import type { IncomingMessage, ServerResponse } from "node:http";
import { answerWith } from "#lib/gateway/own-answer";
import { createBatches } from "./batches.ts";
import type { ClientNaming } from "./client-address.ts";
import type { NextApp } from "./next-app.ts";
import { tellPrefetch } from "./prefetch-header.ts";
import { malformedHeader } from "./sound-headers.ts";

export interface HandlerOptions {
  readonly clients: Pick<ClientNaming, "name">;
  /** Whether requests that arrive in one turn of the event loop go on to Next together. */
  readonly isBatched: boolean;
}

/** The app behind the server. */
export interface Behind {
  /** Next; undefined until its start begins. */
  readonly next?: Promise<Pick<NextApp, "handle">>;
}

/**
 * Returns the handler of all requests. It marks each request with its client and as a prefetch, and passes it
 * to Next, unless the client has disconnected while the request waited.
 */
export function requestHandler({ clients, isBatched }: HandlerOptions, behind: Behind) {
  const batches = isBatched ? createBatches() : undefined;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    clients.name(request);
    tellPrefetch(request);
    const malformed = malformedHeader(request.method, request.headers);
    if (malformed !== undefined) return answerWith(response, 400, malformed);
    try {
      await batches?.();
      const next = await behind.next;
      if (!response.destroyed) await next?.handle(request, response);
    } catch (error) {
      console.error(error);
      response.destroy();
    }
  };
}
