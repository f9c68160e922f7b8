import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { drainable } from "#lib/gateway/drainable";
import { createHttpServer, type HttpSettings } from "#lib/gateway/http-server";
import { type Behind, requestHandler } from "#lib/server/request-handler";
import { START, startProgram } from "../support/app.ts";
import { rawClient, statusesOf } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Makes a stand-in for Next that records its requests in order. */
function noting(answer: Answer = (_, response) => response.end("here")) {
  const reached: (string | undefined)[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    reached.push(request.url);
    await answer(request, response);
  };
  return { reached, handle };
}

/** Starts our HTTP server with the handler of the app's server, on a free port. */
async function serve(behind: Behind, settings: Partial<HttpSettings> = {}) {
  const handler = requestHandler({ clients: { name: () => {} }, isBatched: true }, behind);
  const server: Server = createHttpServer(handler, settings);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(server, (it) => {
    it.close();
    it.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Sends each text over a separate accepted connection, all in one turn of the event loop. */
async function sendAtOnce({ server, port }: { server: Server; port: number }, texts: string[]) {
  const clients = [];
  for (const _ of texts) {
    const accepted = once(server, "connection");
    clients.push(cleanUp(rawClient(port), ({ socket }) => socket.destroy()));
    await accepted;
  }
  for (const [i, { socket }] of clients.entries()) socket.write(texts[i] ?? "");
  return clients;
}

const statuses = (text: () => string) => expect.poll(() => statusesOf(text()));

describe("requests that arrive at once", () => {
  test("requests that arrive at once are all answered, and reach Next in the order of their arrival", async () => {
    const { reached, handle } = noting();
    const paths = ["/1", "/2", "/3", "/4", "/5"];
    const served = await serve({ next: Promise.resolve({ handle }) });
    const clients = await sendAtOnce(served, paths.map(get));
    for (const client of clients) await statuses(() => client.text()).toEqual([200]);
    expect(reached).toEqual(paths);
  });

  test("requests of one connection are answered in order, and the connection is kept", async () => {
    const { reached, handle } = noting(({ url }, response) => response.end(`body of ${url}`));
    const served = await serve({ next: Promise.resolve({ handle }) });
    const [one, two] = await sendAtOnce(served, [get("/1") + get("/2") + get("/3"), get("/other")]);
    await statuses(() => one?.text() ?? "").toEqual([200, 200, 200]);
    await statuses(() => two?.text() ?? "").toEqual([200]);
    expect(one?.text().match(/body of \/\d/g)).toEqual([1, 2, 3].map((n) => `body of /${n}`));
    one?.socket.write(get("/4"));
    await expect.poll(() => one?.text()).toContain("body of /4");
    expect(reached.filter((path) => path !== "/other")).toEqual(["/1", "/2", "/3", "/4"]);
  });

  test("a request on which Next fails is disconnected, and the others of its batch are answered", async () => {
    const { handle } = noting(({ url }, response) => {
      if (url === "/fails") throw new Error("of the handler, which the test expects in the log");
      response.end();
    });
    const served = await serve({ next: Promise.resolve({ handle }) });
    const sent = [get("/1"), get("/fails"), get("/3")];
    const [first, failed, last] = await sendAtOnce(served, sent);
    expect(statusesOf((await failed?.closed) ?? "unread")).toEqual([]);
    for (const client of [first, last]) await statuses(() => client?.text() ?? "").toEqual([200]);
  });

  test("a response that streams does not delay the other requests of its batch", async () => {
    const open: ServerResponse[] = [];
    const { handle } = noting(({ url }, response) => {
      if (url === "/stream") {
        response.write("the beginning");
        open.push(response);
      } else response.end();
    });
    const served = await serve({ next: Promise.resolve({ handle }) });
    const [, stream, other] = await sendAtOnce(served, [get("/1"), get("/stream"), get("/3")]);
    await statuses(() => other?.text() ?? "").toEqual([200]);
    await expect.poll(() => stream?.text()).toContain("the beginning");
    expect(stream?.text()).not.toContain("the end");
    for (const response of open) response.end("the end");
    await expect.poll(() => stream?.text()).toContain("the end");
  });

  test("bodies of batched requests reach the handler whole, also after 100 Continue", async () => {
    const { handle } = noting(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.end(`${request.url} sent ${Buffer.concat(parts).toString()}`);
    });
    const head = (path: string, more = "") =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n${more}\r\n`;
    const served = await serve({ next: Promise.resolve({ handle }) });
    const sent = [get("/1"), `${head("/2")}whole`, head("/3", "Expect: 100-continue\r\n")];
    const [, whole, waits] = await sendAtOnce(served, sent);
    await expect.poll(() => whole?.text()).toContain("/2 sent whole");
    await statuses(() => waits?.text() ?? "").toEqual([100]);
    waits?.socket.write("later");
    await expect.poll(() => waits?.text()).toContain("/3 sent later");
  });

  test("an upgrade is not batched, but left to Next's own listener, as in development", async () => {
    const { reached, handle } = noting();
    const served = await serve({ next: Promise.resolve({ handle }) }, { upgrades: true });
    served.server.on("upgrade", (_, socket) => {
      if (socket instanceof Socket) socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    });
    const upgrade =
      "GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const [first, upgraded] = await sendAtOnce(served, [get("/1"), upgrade]);
    expect(statusesOf((await upgraded?.closed) ?? "")).toEqual([101]);
    await statuses(() => first?.text() ?? "").toEqual([200]);
    expect(reached).toEqual(["/1"]);
  });
});

type Ready = Awaited<NonNullable<Behind["next"]>>;

/** Makes a Next that is not ready, and the function that makes it ready. */
function starting() {
  let resolve: (next: Ready) => void = () => {};
  const next = new Promise<Ready>((started) => {
    resolve = started;
  });
  return { next, resolve };
}

describe("requests that wait for Next to start", () => {
  test("requests that wait for Next are answered when it has started", async () => {
    const { next, resolve } = starting();
    const { reached, handle } = noting();
    const clients = await sendAtOnce(await serve({ next }), [get("/1"), get("/2")]);
    resolve({ handle });
    for (const client of clients) await statuses(() => client.text()).toEqual([200]);
    expect(reached).toEqual(["/1", "/2"]);
  });

  test("a request that waits for Next is dropped when its client has disconnected", async () => {
    const { next, resolve } = starting();
    const { reached, handle } = noting();
    const served = await serve({ next });
    const left: Promise<unknown>[] = [];
    const arrived = new Promise<void>((all) => {
      served.server.on("request", (_, response) => {
        if (left.push(once(response, "close")) === 3) all();
      });
    });
    const [, leaves] = await sendAtOnce(served, [get("/1"), get("/left"), get("/3")]);
    await arrived;
    leaves?.socket.destroy();
    await left[1];
    resolve({ handle });
    await expect.poll(() => reached).toEqual(["/1", "/3"]);
  });

  test("requests that wait for Next are answered when the server is stopped meanwhile", async () => {
    const { next, resolve } = starting();
    const { handle } = noting();
    const served = await serve({ next });
    const drain = drainable(served.server);
    const requests = new Promise<void>((all) => {
      let count = 0;
      served.server.on("request", () => {
        count += 1;
        if (count === 2) all();
      });
    });
    const clients = await sendAtOnce(served, [get("/1"), get("/2")]);
    await requests;
    const drained = drain(60_000);
    resolve({ handle });
    for (const { closed } of clients) expect(statusesOf(await closed)).toEqual([200]);
    await drained;
  });
});

test("headgate start rejects a HEADGATE_BATCH that is neither 0 nor 1 before it builds", async () => {
  const started = startProgram(START, { PORT: "0", HEADGATE_BATCH: "2" });
  await expect(started).rejects.toThrow("HEADGATE_BATCH must be a whole number from 0 to 1.");
});
