import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { openEmbeddedStore } from "#lib/embedded/store";
import { createHttpServer, type HttpSettings } from "#lib/gateway/http-server";
import { serveStore } from "#lib/gateway/server";
import { rawClient, type RawClient, speak, statusesOf } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";

// The tests run concurrently, each with a separate server.
const cleanUp = scope(afterAll);
const token = "a-token-of-the-tests";
const HOST = "Host: x\r\n";
const POST = `POST / HTTP/1.1\r\n${HOST}`;
const MIB = 1024 * 1024;

/**
 * The kernel's buffers for both ends of a connection, and the bytes that are read of an answered
 * request.
 */
const MOST_TAKEN = 32 * MIB;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

async function serving(handle: Handler, settings: Partial<HttpSettings> = {}) {
  const sockets: Socket[] = [];
  const server: Server = createHttpServer(handle, settings);
  server.on("connection", (socket: Socket) => sockets.push(socket));
  cleanUp(server, async (it) => {
    it.close();
    it.closeAllConnections();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { port, read: () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0) };
}

async function gatewayPort(limits: Record<string, number> = {}): Promise<number> {
  const gateway = await serveStore(await openEmbeddedStore(), { token, limits });
  return cleanUp(gateway, (it) => it.close()).port;
}

/** Sends a head and then pieces while the server accepts them, up to a gigabyte. */
async function flood(port: number, head: string, piece: Buffer): Promise<RawClient> {
  const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
  const { socket } = client;
  // This client does not close when the answer ends.
  socket.allowHalfOpen = true;
  let sent = 0;
  const send = () => {
    while (sent < 1024 * MIB && !socket.destroyed && socket.writable) {
      sent += piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on("drain", send);
  socket.write(head);
  send();
  await client.closed;
  return client;
}

const PLAIN = Buffer.alloc(65_536, "a");
const CHUNK = Buffer.from(`10000\r\n${"a".repeat(65_536)}\r\n`);

/** Bodies without an end. */
const ENDLESS: readonly (readonly [string, string, Buffer])[] = [
  ["of a length", "Content-Length: 100000000000\r\n\r\n", PLAIN],
  ["in chunks", "Transfer-Encoding: chunked\r\n\r\n", CHUNK],
];

describe.concurrent.each(ENDLESS)("a body %s that does not end", (_, framing, piece) => {
  test.each<[string, Handler, number]>([
    ["with 401", (_request, response) => response.writeHead(401).end("no"), 401],
    ["with 429 some time later", (_r, response) => setTimeout(() => later(response), 50), 429],
    [
      "with Connection: close",
      (_request, response) => response.writeHead(503, { connection: "close" }).end("no"),
      503,
    ],
    [
      "after it has read a part",
      (request, response) => {
        request.once("data", () => {
          request.pause();
          response.writeHead(403).end("no");
        });
        request.on("error", () => {});
      },
      403,
    ],
  ])("an endless body is not read after it was answered %s", async (_name, handle, status) => {
    const { port, read } = await serving(handle, { bodyBytes: Number.POSITIVE_INFINITY });
    const client = await flood(port, POST + framing, piece);
    expect(statusesOf(client.text())).toEqual([status]);
    expect(client.text()).toContain("no");
    expect(read()).toBeLessThan(MIB);
  });

  test.each(["413", "400"])(
    "an endless body is not read after the server itself answers %s",
    async (status) => {
      const { port, read } = await serving((request) => request.on("error", () => {}).resume());
      const head = status === "413" ? POST + framing : `POST /a#b HTTP/1.1\r\n${HOST}${framing}`;
      const client = await flood(port, head, piece);
      expect(statusesOf(client.text())).toEqual([Number(status)]);
      expect(read()).toBeLessThan(MIB);
    },
  );

  test("an endless body is not read by the gateway without the token, or beyond its bounds", async () => {
    const port = await gatewayPort();
    const head = `${POST}Authorization: Bearer ${token}\r\n`;
    for (const [sent, status] of [
      [POST, 401],
      [head, 413],
      [`${head}Upstash-Response-Format: resp2\r\n`, 400],
    ] as const) {
      const client = await flood(port, sent + framing, piece);
      expect(statusesOf(client.text())).toEqual([status]);
      expect(client.text()).toMatch(/\{"error":".*"\}$/);
      expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(MOST_TAKEN);
    }
  });

  test("an endless body is not read by a gateway without capacity for its request", async ({
    expect,
  }) => {
    const port = await gatewayPort({ concurrentRequests: 1 });
    const head = `${POST}Authorization: Bearer ${token}\r\n`;
    const held = cleanUp(rawClient(port), (it) => it.socket.destroy());
    held.socket.write(`${head}Expect: 100-continue\r\nContent-Length: 8\r\n\r\n`);
    await expect.poll(() => held.text()).toContain(" 100 ");
    const client = await flood(port, head + framing, piece);
    expect(statusesOf(client.text())).toEqual([503]);
    expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(MOST_TAKEN);
  });
});

test.each([
  ["before its first request", ""],
  ["behind a request that was answered", `GET / HTTP/1.1\r\n${HOST}\r\n`],
])("a client that sends empty lines without end, %s, is disconnected", async (_, head) => {
  const { port, read } = await serving((_request, response) => response.end(), {
    checkEveryMs: 50,
  });
  await flood(port, head, Buffer.alloc(65_536, "\r\n"));
  expect(read()).toBeLessThan(512 * MIB);
});

test("a connection that has sent many large bodies is not cut", async () => {
  const { port } = await serving(
    (request, response) => request.on("end", () => response.end()).resume(),
    { checkEveryMs: 10 },
  );
  const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
  const post = `${POST}Content-Length: 100000\r\n\r\n${"a".repeat(100_000)}`;
  for (let sent = 1; sent <= 30; sent += 1) {
    client.socket.write(post);
    await expect.poll(() => statusesOf(client.text()), { interval: 5 }).toHaveLength(sent);
  }
});

function later(response: ServerResponse): void {
  response.writeHead(429).end("no");
}

describe.concurrent("a client that was answered early", () => {
  const early: Handler = (_, response) => response.writeHead(401).end("no");

  test("a client that was answered early learns that the connection ends when most of its body is missing", async () => {
    const { port } = await serving(early, { bodyBytes: Number.POSITIVE_INFINITY });
    for (const rest of [
      "Content-Length: 1000000\r\n",
      "Expect: 100-continue\r\nContent-Length: 1\r\n",
    ]) {
      const text = await speak(port, `${POST}${rest}\r\n`);
      expect(text).toMatch(/ 401 .*Connection: close\r\n/s);
    }
  });

  test("a client that was answered early is disconnected when it never sends the rest", async () => {
    const { port } = await serving(early);
    for (const rest of ["Content-Length: 9\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"]) {
      expect(statusesOf(await speak(port, POST + rest))).toEqual([401]);
    }
  });

  test("a client that was answered early is disconnected when it does not close the connection itself", async ({
    expect,
  }) => {
    const { port } = await serving(early);
    const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
    client.socket.allowHalfOpen = true;
    client.socket.write(`${POST}Content-Length: 9\r\n\r\n`);
    await once(client.socket, "end");
    await expect
      .poll(async () => client.socket.destroyed || !client.socket.write("a"), { interval: 50 })
      .toBe(true);
  });

  test.for<[string, (head: string, body: string) => string[]]>([
    ["at once", (head, body) => [head + body]],
    ["after the answer", (head, body) => [head, body]],
  ])(
    "a client that was answered early keeps its connection when it has sent its whole body %s",
    async ([, piecesOf], { expect }) => {
      const { port } = await serving(early);
      const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
      const large = "a".repeat(100_000);
      const bodies = [
        ["Content-Length: 3\r\n\r\n", "abc"],
        [`Content-Length: ${large.length}\r\n\r\n`, large],
        ["Transfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n"],
        ["Transfer-Encoding: chunked\r\n\r\n", `186a0\r\n${large}\r\n0\r\n\r\n`],
      ] as const;
      for (const [at, [framing, body]] of bodies.entries()) {
        for (const piece of piecesOf(POST + framing, body)) {
          client.socket.write(piece);
          await expect.poll(() => statusesOf(client.text())).toHaveLength(at + 1);
        }
      }
      client.socket.write(`GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      expect(statusesOf(await client.closed)).toEqual([401, 401, 401, 401, 401]);
    },
  );
});
