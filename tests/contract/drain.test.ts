import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { drainable } from "#lib/gateway/drainable";
import { listen } from "#lib/server/listening";
import { createHttpServer } from "#lib/gateway/http-server";
import { rawClient, statusesOf } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** Longer than the test may take: whoever waits so long waits for ever, in milliseconds. */
const LONG = 600_000;

test("a server that stops waits for the request at work, and for no client beside", async () => {
  let working: ServerResponse | undefined;
  const server = createHttpServer(
    (_, response) => {
      response.writeHead(200).flushHeaders();
      working = response;
    },
    { headersTimeoutMs: LONG, requestTimeoutMs: LONG, keepAliveTimeoutMs: LONG },
  );
  const drain = drainable(server);
  const { port } = await listen(server, { host: "127.0.0.1", port: 0 });
  cleanUp(server, (it) => it.closeAllConnections());
  const open = () => cleanUp(rawClient(port), ({ socket }) => socket.destroy());

  const accepted = once(server, "connection");
  const silent = open();
  await accepted;
  const busy = open();
  busy.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await expect.poll(() => working).toBeDefined();

  const drained = drain(LONG);
  expect(await silent.closed).toBe("");
  working?.end();
  expect(statusesOf(await busy.closed)).toEqual([200]);
  await drained;
});
