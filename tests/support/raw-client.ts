import { connect, type Socket } from "node:net";

/** A connection that sends what no HTTP client would, and keeps what came back. */
export interface RawClient {
  readonly socket: Socket;
  /** What came so far, a byte a character. */
  text(): string;
  /** Resolves with all that came once the server has closed the connection. */
  readonly closed: Promise<string>;
}

export function rawClient(port: number, host = "127.0.0.1"): RawClient {
  let text = "";
  const socket = connect(port, host);
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  // A connection that is cut is an end like any other.
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  return { socket, text: () => text, closed };
}

/** Sends bytes, one a character, and waits until the server has closed the connection. */
export function speak(port: number, bytes: string, host?: string): Promise<string> {
  const client = rawClient(port, host);
  client.socket.write(bytes, "latin1");
  return client.closed;
}

/** The statuses of all answers in what came back. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Sends a piece again and again for as long as the connection is open. */
export function drip(client: RawClient, piece: string, everyMs: number): void {
  const dripping = setInterval(() => client.socket.write(piece), everyMs);
  client.socket.once("close", () => clearInterval(dripping));
}
