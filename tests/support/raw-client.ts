import { connect, type Socket } from "node:net";

/** A connection for requests that no HTTP client would send. It keeps the responses. */
export interface RawClient {
  readonly socket: Socket;
  /** The received text so far, one character per byte. */
  text(): string;
  /** Resolves to the received text when the server has closed the connection. */
  readonly closed: Promise<string>;
}

/**
 * Connects to a server, and keeps what it sends as text.
 *
 * @param localAddress the loopback address from which it connects
 */
export function rawClient(port: number, host = "127.0.0.1", localAddress?: string): RawClient {
  let text = "";
  const socket = connect({ port, host, ...(localAddress !== undefined && { localAddress }) });
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  // An aborted connection is an end like any other.
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  return { socket, text: () => text, closed };
}

/** Sends bytes, one per character, and resolves to the received text when the server has closed the connection. */
export function speak(
  port: number,
  bytes: string,
  host?: string,
  localAddress?: string,
): Promise<string> {
  const client = rawClient(port, host, localAddress);
  client.socket.write(bytes, "latin1");
  return client.closed;
}

/** Returns the statuses of all responses in a received text. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Sends a text repeatedly while the connection is open. */
export function drip(client: RawClient, piece: string, everyMs: number): void {
  const dripping = setInterval(() => client.socket.write(piece), everyMs);
  client.socket.once("close", () => clearInterval(dripping));
}
