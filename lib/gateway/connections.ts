import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/** More cost memory, about 12 kB each, and serve nobody on one process. */
const MOST = 20_000;

/**
 * How many connections this process may have open: three quarters of the files that it may, so that
 * clients alone cannot take those that the store, the app's own files and its calls need.
 */
export function connectionsAllowed(files = openFiles()): number {
  return Math.min(MOST, Math.floor((files * 3) / 4));
}

function openFiles(): number {
  // The only place where Node tells; the network is left out, since it would look up names.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { userLimits?: Limits };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}

interface Limits {
  readonly open_files?: { readonly soft: number | "unlimited" };
}

/**
 * Bounds a server's connections. For one too many, the one that has waited for longest is closed: it
 * is idle, or its request has not arrived whole. Node's own bound would turn away who comes last, so
 * that idle connections would keep everybody out.
 */
export function boundConnections(server: Server, most: number): void {
  /** The request at work on each, and none while the client is waited for; longest waiting first. */
  const open = new Map<Socket, IncomingMessage | undefined>();

  const makeRoom = () => {
    for (const [socket, request] of open) {
      if (request?.complete) continue;
      // At once: the socket says only later that it has closed.
      open.delete(socket);
      socket.destroy();
      return;
    }
  };

  server.on("connection", (socket: Socket) => {
    open.set(socket, undefined);
    socket.once("close", () => open.delete(socket));
    if (open.size > most) makeRoom();
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
