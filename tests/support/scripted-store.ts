import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The response of a REST store. */
export interface RestAnswer {
  readonly status?: number;
  readonly body: string;
}

/** A REST store with scripted responses. */
export interface ScriptedStore {
  readonly url: string;
  readonly token: string;
  /** The bodies of the received requests. */
  readonly calls: readonly unknown[];
  stop(): Promise<void>;
}

/** Starts a REST store with scripted responses, for responses that no real store sends. */
export async function startScriptedStore(
  answer: (body: unknown, path: string) => RestAnswer,
): Promise<ScriptedStore> {
  const calls: unknown[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const body: unknown = JSON.parse(text);
      calls.push(body);
      const { status = 200, body: said } = answer(body, request.url ?? "/");
      response.writeHead(status, { "content-type": "application/json" }).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token: "a-token-of-the-tests",
    calls,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
