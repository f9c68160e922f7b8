import { type RawClient, rawClient } from "./raw-client.ts";

/** A stream of the gateway, read byte by byte. */
export interface EventStream extends RawClient {
  /** The data lines so far. */
  data(): string[];
  /** The status of the response, once it has arrived. */
  status(): number | undefined;
}

/** Opens a stream of the gateway at a port like @upstash/redis. */
export function openEventStream(port: number, token: string, path: string): EventStream {
  const client = rawClient(port);
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: x",
    `Authorization: Bearer ${token}`,
    "Accept: text/event-stream",
    "Content-Length: 2",
  ];
  client.socket.write(`${head.join("\r\n")}\r\n\r\n[]`);
  return {
    ...client,
    data: () => client.text().match(/(?<=^data: )[^\n]*/gm) ?? [],
    status: () => {
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(client.text()) ?? [];
      return status === undefined ? undefined : Number(status);
    },
  };
}

/** The end of a complete chunked response. */
export const PROPER_END = /\r\n0\r\n\r\n$/;
