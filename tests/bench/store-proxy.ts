import { once } from "node:events";
import {
  Agent,
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** The traffic to the store. */
export interface StoreTraffic {
  /** REST calls. */
  readonly calls: number;
  /** The bytes of calls and responses, with their headers. */
  readonly bytes: number;
}

export interface StoreProxy {
  readonly url: string;
  traffic(): StoreTraffic;
  stop(): Promise<void>;
}

/**
 * Starts a proxy between an app and its store that counts the traffic.
 *
 * @param delayMs the additional delay of each response
 */
export async function startStoreProxy(storeUrl: string, delayMs = 0): Promise<StoreProxy> {
  const sockets = new Set<Socket>();
  let calls = 0;
  const agent = new Agent({ keepAlive: true });
  const handOn = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await readAll(incoming);
    calls += 1;
    const { method = "POST", headers, url = "/" } = incoming;
    const onward = forward(new URL(url, storeUrl), { method, headers, agent });
    onward.end(body);
    const [answer] = (await once(onward, "response")) as [IncomingMessage];
    const answered = await readAll(answer);
    if (delayMs > 0) await setTimeout(delayMs);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
  };
  const server = createServer((incoming, outgoing) => {
    // A call whose client has disconnected needs no response.
    handOn(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    traffic() {
      const bytes = [...sockets].reduce(
        (sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten,
        0,
      );
      return { calls, bytes };
    },
    async stop() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
