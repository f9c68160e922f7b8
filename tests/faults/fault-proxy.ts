import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a call in the gateway's place, or passes it on where it returns false. */
export type Fault = (call: Call) => boolean;

export interface Call {
  /** Such as "/" or "/pipeline". */
  readonly path: string;
  readonly response: ServerResponse;
  /** Passes it on after all. */
  passOn(): void;
}

/** A way to the gateway that can fail. */
export interface FaultProxy {
  readonly url: string;
  /** What happens to every call from now on; undefined passes all on. */
  fault: Fault | undefined;
  /** Takes no connection until it is opened again, and cuts off those that are there. */
  shut(): Promise<void>;
  open(): Promise<void>;
  stop(): Promise<void>;
}

/** Stands before a gateway, on a port of its own. */
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
