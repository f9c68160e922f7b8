import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A stand-in for Instagram on this machine's loopback. */
export interface InstagramStandIn {
  readonly url: string;
  /** Returns how often each endpoint was called. */
  calls(): { readonly media: number; readonly refresh: number };
  stop(): Promise<void>;
}

export interface StandInOptions {
  /** The long-lived token that is valid from the start. */
  readonly token: string;
  /** For tests: returns true when it has answered a call in place of the stand-in. */
  readonly instead?: (path: string, response: ServerResponse) => boolean;
}

const SIXTY_DAYS = 60 * 24 * 3600;
const POSTS = 12;

/**
 * Starts the stand-in on a free port. It has the two endpoints that the app uses, and accepts the first
 * token and every token that it returned. It keeps nothing after it stops.
 */
export async function startInstagramStandIn(options: StandInOptions): Promise<InstagramStandIn> {
  const tokens = new Set([options.token]);
  const calls = { media: 0, refresh: 0 };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = URL.parse(request.url ?? "", "http://stand-in.invalid");
    if (!url) return send(response, 404, UNKNOWN_PATH);
    const { pathname, searchParams } = url;
    if (pathname === "/me/media") calls.media += 1;
    else if (pathname === "/refresh_access_token") calls.refresh += 1;
    if (options.instead?.(pathname, response)) return;
    const token = searchParams.get("access_token") ?? "";
    if (!tokens.has(token)) send(response, 400, INVALID_TOKEN);
    else if (pathname === "/me/media") send(response, 200, { data: postsOf(options.token) });
    else if (pathname === "/refresh_access_token")
      send(response, 200, renew(tokens, calls.refresh));
    else send(response, 404, UNKNOWN_PATH);
  }

  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    calls: () => ({ ...calls }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
  response.end(JSON.stringify(body));
}

/** The Graph API's error for a token that is not valid or has expired. */
const INVALID_TOKEN = {
  error: {
    message: "Error validating access token: Session has expired.",
    type: "OAuthException",
    code: 190,
    fbtrace_id: "A-stand-in",
  },
};

const UNKNOWN_PATH = { error: { message: "Unknown path", type: "IGApiException", code: 100 } };

/** Returns a new token. Like Instagram, the old token stays valid until it expires. */
function renew(tokens: Set<string>, count: number): object {
  const token = `stand-in-token-${count}-${createHash("sha256").update(String(count)).digest("hex")}`;
  tokens.add(token);
  return { access_token: token, token_type: "bearer", expires_in: SIXTY_DAYS };
}

function postsOf(token: string): object[] {
  return Array.from({ length: POSTS }, (_, i) => {
    const id = createHash("sha256").update(`${token} ${i}`).digest("hex").slice(0, 16);
    return {
      id,
      caption: `Piece ${i + 1}, made up`,
      media_type: "IMAGE",
      media_url: `https://instagram.invalid/media/${id}.jpg`,
      permalink: `https://instagram.invalid/p/${id}/`,
      timestamp: new Date(Date.UTC(2026, 0, 1 + i)).toISOString().replace(".000Z", "+0000"),
    };
  });
}
