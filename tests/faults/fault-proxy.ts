import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Returns true if it answers a call instead of the gateway, and false to forward it. */
export type Fault = (call: Call) => boolean;

export interface Call {
  /** The path, such as "/" or "/pipeline". */
  readonly path: string;
  readonly response: ServerResponse;
  /** Forwards the call after all. */
  passOn(): void;
}

/** A proxy in front of the gateway that can fail. */
export interface FaultProxy {
  readonly url: string;
  /** Called for every call from now on; undefined forwards all calls. */
  fault: Fault | undefined;
  /** Accepts no connection until it is opened again, and closes the existing ones. */
  shut(): Promise<void>;
  open(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a gateway, on a separate port. */
export async function startFaultProxy(gatewayUrl: string): Promise<FaultProxy> {
  const target = new URL(gatewayUrl);
  const proxy = { fault: undefined as Fault | undefined };
  const server = createServer((incoming, response) => {
    const passOn = () => forward(target, incoming, response);
    if (!proxy.fault?.({ path: incoming.url ?? "/", response, passOn })) passOn();
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const shut = async () => {
    if (!server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    shut,
    open: async () => {
      if (!server.listening) await listen(port);
    },
    stop: shut,
  });
}

function forward(target: URL, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request(
    { host: target.hostname, port: target.port, method, path: url, headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on("error", () => response.destroy());
  incoming.pipe(onward);
}
