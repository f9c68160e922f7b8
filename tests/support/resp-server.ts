import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A server of the Redis protocol with scripted replies. */
export interface RespServer {
  readonly redisUrl: string;
  /** The names of the received commands in capitals. */
  readonly commands: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a server for replies that no real Redis can be made to send. A client that connects gets the
 * same greeting as from Redis.
 *
 * @param reply returns the reply to a command: an error's text, or undefined for OK
 */
export async function startRespServer(
  reply: (command: string) => string | undefined,
): Promise<RespServer> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      for (let read = readCommand(text); read; read = readCommand(text)) {
        text = text.slice(read.length);
        commands.push(read.name);
        socket.write(read.name === "INFO" ? INFO : wordReply(reply(read.name)));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    redisUrl: `redis://127.0.0.1:${port}`,
    commands,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const INFO = "$21\r\nredis_mode:standalone\r\n";

function wordReply(error: string | undefined): string {
  return error === undefined ? "+OK\r\n" : `-${error}\r\n`;
}

/** Returns the first command of the received text and its length, or undefined while it is incomplete. */
function readCommand(text: string) {
  const [, count] = /^\*(\d+)\r\n/.exec(text) ?? [];
  if (count === undefined) return undefined;
  let at = text.indexOf("\n") + 1;
  let name = "";
  for (let i = 0; i < Number(count); i += 1) {
    const [head = "", size] = /^\$(\d+)\r\n/.exec(text.slice(at)) ?? [];
    const end = at + head.length + Number(size) + 2;
    if (size === undefined || text.length < end) return undefined;
    if (i === 0) name = text.slice(at + head.length, end - 2).toUpperCase();
    at = end;
  }
  return { name, length: at };
}
