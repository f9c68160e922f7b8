import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/** A connection takes about 12 kB of memory, and one process cannot serve more clients than this. */
const MOST = 20_000;

/**
 * Returns how many connections this process may have open: three quarters of the files that it may open. The
 * rest is left to the store, the app's own files and its calls.
 */
export function connectionsAllowed(files = openFiles()): number {
  return Math.min(MOST, Math.floor((files * 3) / 4));
}

function openFiles(): number {
  // Node reports this limit only here. The network part is excluded because it resolves host names.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { userLimits?: Limits };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}

interface Limits {
  readonly open_files?: { readonly soft: number | "unlimited" };
}

/**
 * Bounds a server's connections. When there is one too many, the one that has waited longest is closed: it is
 * idle, or its request is still incomplete. Node's `maxConnections` would reject the newest connection
 * instead, so that idle connections could keep all new clients out.
 */
export function boundConnections(server: Server, most: number): void {
  /**
   * The request in progress on each connection, or undefined while the server waits for the client. The
   * connection that has waited longest comes first.
   */
  const open = new Map<Socket, IncomingMessage | undefined>();

  const closeLongestWaiting = () => {
    for (const [socket, request] of open) {
      if (request?.complete) continue;
      // Deleted at once, because the socket emits `close` only later.
      open.delete(socket);
      socket.destroy();
      return;
    }
  };

  server.on("connection", (socket: Socket) => {
    open.set(socket, undefined);
    socket.once("close", () => open.delete(socket));
    if (open.size > most) closeLongestWaiting();
  });
  server.on("request", (request, response) => {
    const { socket } = request;
    if (!open.has(socket)) return;
    open.set(socket, request);
    response.once("close", () => {
      if (open.get(socket) !== request) return;
      open.delete(socket);
      open.set(socket, undefined);
    });
  });
}
