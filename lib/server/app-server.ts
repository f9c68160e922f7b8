import { drainable } from "#lib/gateway/drainable";
import { createHttpServer } from "#lib/gateway/http-server";
import type { ClientNaming } from "./client-address.ts";
import { ExposingResponse } from "./exposing-response.ts";
import { type SetByEnvironment, SETTING_NAMES } from "./http-settings.ts";
import { addressOf, type ListenAddress, listen } from "./listening.ts";
import { type NextApp, startNext } from "./next-app.ts";
import { requestHandler } from "./request-handler.ts";

/** How long requests in flight may take after the server was told to stop, in milliseconds. */
export const DRAIN_MS = 10_000;

export interface AppServerOptions {
  readonly root: string;
  readonly dev: boolean;
  /** The host and port to listen on. */
  readonly at: ListenAddress;
  readonly http: SetByEnvironment;
  readonly clients: ClientNaming;
  /** Whether requests that arrive in one turn of the event loop go on to Next together. */
  readonly isBatched: boolean;
  /** Called with a line for the person who started the server. */
  readonly say: (line: string) => void;
}

/** Our HTTP server, with Next behind it. */
export interface AppServer {
  /** The server's URL for a browser. */
  readonly url: string;
  /** Stops the server after the requests in flight have finished. */
  stop(): Promise<void>;
}

/**
 * Starts to listen, and starts Next behind it. Requests that arrive before Next is ready wait for it.
 *
 * @throws {HeadgateError} ENV_INVALID when it cannot listen
 */
export async function startAppServer(options: AppServerOptions): Promise<AppServer> {
  const { root, dev, http } = options;
  const behind: { next?: Promise<NextApp> } = {};
  const server = createHttpServer(requestHandler(options, behind), httpOptions(options));
  const drain = drainable(server);
  const at = await listen(server, options.at);
  // No request can arrive before this line has run, so every request waits for Next.
  behind.next = startNext({ root, dev, at, bodyBytes: http.bodyBytes });
  const next = await behind.next;
  return {
    url: addressOf(at),
    async stop() {
      await drain(DRAIN_MS);
      await next.close();
    },
  };
}

function httpOptions({ dev, http, say }: AppServerOptions) {
  return {
    ...http,
    // In development Next handles upgrades, for hot reloading. In production Next would leave such a socket
    // open and unanswered, so an upgrade is handled as a plain request.
    upgrades: dev,
    response: ExposingResponse,
    names: SETTING_NAMES,
    report: (line: string) => say(`warning  ${line}`),
  };
}
