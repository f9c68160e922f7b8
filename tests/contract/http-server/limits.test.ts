import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { connectionsAllowed } from "#lib/gateway/connections";
import type { HttpSettings } from "#lib/gateway/http-server";
import {
  CLOSE,
  count,
  get,
  HOST,
  httpServers,
  other,
  SHORT,
  type Handler,
} from "../../support/http-server.ts";
import { drip, rawClient, speak, statusesOf } from "../../support/raw-client.ts";

const { cleanUp, serving } = httpServers();

/** Checks a complete problem that no cache stores. */
const TOO_LARGE =
  /Content-Type: application\/problem\+json\r\n.*Cache-Control: no-store\r\n.*\r\n\r\n\{.*"status":413.*\}$/is;

// Tests that wait for time to pass run concurrently, each with a separate server.
describe.concurrent("a client that is slow", () => {
  test("a client that is slow to send gets 408 and is disconnected, and others are served", async () => {
    const { port } = await serving(SHORT);
    const post = `POST / HTTP/1.1\r\n${HOST}`;
    const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
    const cases: [name: string, first: string, piece: string, statuses: number[]][] = [
      ["to say anything", "", "", [408]],
      ["in its request line", "GE", "", [408]],
      ["in its headers", `GET / HTTP/1.1\r\n${HOST}`, "X: a\r\n", [408]],
      ["in its second request", `${get("/")}GET /second`, "", [200, 408]],
      ["in a body of a length", `${post}Content-Length: 5000\r\n\r\n`, "a", [408]],
      ["in a body that it promised", `${post}Content-Length: 9\r\n\r\n`, "", [408]],
      ["in a body in chunks", chunked, "1\r\na\r\n", [408]],
      ["in a chunk's extension", `${chunked}1;`, "a", [408]],
      ["in trailers", `${chunked}0\r\n`, "X: a\r\n", [408]],
    ];
    const slow = cases.map(async ([name, first, piece]) => {
      const client = rawClient(port);
      client.socket.write(first);
      if (piece) drip(client, piece, 20);
      return [name, statusesOf(await client.closed)];
    });
    expect(await other(port)).toBe(200);
    expect(await Promise.all(slow)).toEqual(cases.map(([name, , , statuses]) => [name, statuses]));
    expect(await other(port)).toBe(200);
  });

  test("a client that is slow to start its next request is disconnected", async () => {
    const { port } = await serving({ keepAliveTimeoutMs: 1 });
    expect(statusesOf(await speak(port, get("/")))).toEqual([200]);
  });

  test("a client that is slow to read an answer is disconnected", async () => {
    let isCut: (cut: boolean) => void = () => {};
    const cut = new Promise<boolean>((resolve) => {
      isCut = resolve;
    });
    const { port } = await serving({ stalledTimeoutMs: 300 }, (_, response) => {
      response.once("close", () => isCut(!response.writableFinished));
      response.end(Buffer.alloc(64 * 1024 * 1024));
    });
    const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
    client.socket.pause();
    client.socket.write(get("/"));
    expect(await cut).toBe(true);
  });

  test("a client whose handler is slow is not disconnected", async () => {
    const { port } = await serving(SHORT, async (request, response) => {
      // This wait is as long as a request may take to arrive.
      if (request.url === "/slow") {
        await speak(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`);
      }
      if (request.method === "POST") return;
      response.end();
    });
    expect(statusesOf(await speak(port, get("/slow", CLOSE)))).toEqual([200]);
  });
});

describe("too much", () => {
  test.each([
    ["a long header", get("/", `X: ${"a".repeat(16_384)}\r\n`)],
    ["a long target", get(`/${"a".repeat(16_384)}`)],
    ["a long name of a header", get("/", `${"a".repeat(16_384)}: x\r\n`)],
    ["many headers", get("/", "a:\r\n".repeat(4_096))],
  ])("a request with %s gets 431", async (_, bytes) => {
    const { port, seen } = await serving();
    expect(statusesOf(await speak(port, bytes))).toEqual([431]);
    expect(seen).toEqual([]);
  });

  test("headers that never end get 431", async () => {
    const { port } = await serving();
    const client = rawClient(port);
    client.socket.write(`GET / HTTP/1.1\r\n${HOST}`);
    drip(client, `X: ${"a".repeat(1_000)}\r\n`, 1);
    expect(statusesOf(await client.closed)).toEqual([431]);
  });

  test("a body that is too large by its Content-Length gets 413, and reaches no handler", async () => {
    const { port, seen } = await serving({ bodyBytes: 10 });
    const post = (bytes: number) =>
      `POST / HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: ${bytes}\r\n\r\n${"a".repeat(bytes)}`;
    expect(await speak(port, post(10))).toContain("10 bytes");
    expect(seen.splice(0)).toHaveLength(1);
    const denied = await speak(port, post(11));
    expect(statusesOf(denied)).toEqual([413]);
    expect(denied).toMatch(TOO_LARGE);
    expect(denied).toContain('"title":"Content Too Large"');
    expect(denied).toContain('"The body of a request must be at most 10 B."');
    expect(seen).toEqual([]);
  });

  test("a body in chunks that is too large gets 413, and the handler gets no more than is allowed", async () => {
    let bytes = 0;
    const { port } = await serving({ bodyBytes: 1_000 }, (request) => {
      request.on("error", () => {});
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
    });
    const client = rawClient(port);
    client.socket.write(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
    drip(client, `64\r\n${"a".repeat(100)}\r\n`, 1);
    const denied = await client.closed;
    expect(statusesOf(denied)).toEqual([413]);
    expect(denied).toMatch(TOO_LARGE);
    expect(bytes).toBe(1_000);
  });
});

describe.concurrent("a connection that a setting ends is one line that names the setting", () => {
  const post = `POST /?secret HTTP/1.1\r\n${HOST}Cookie: secret\r\n`;
  const never: Handler = (request) => request.on("error", () => {});
  const huge: Handler = (_, response) => response.end(Buffer.alloc(64 * 1024 * 1024));

  test.for<[string, string, Partial<HttpSettings>, Handler, string]>([
    ["slow headers", "GET /?secret HT", SHORT, count, "HEADERS"],
    ["slow second headers", `${get("/")}GET /?secret HT`, SHORT, count, "HEADERS"],
    ["a slow body", `${post}Content-Length: 9\r\n\r\n`, SHORT, count, "REQUEST"],
    ["slow trailers", `${post}Transfer-Encoding: chunked\r\n\r\n0\r\n`, SHORT, count, "REQUEST"],
    ["no answer", get("/?secret"), { stalledTimeoutMs: 100 }, never, "STALLED"],
    ["an answer that is not read", get("/?secret"), { stalledTimeoutMs: 100 }, huge, "STALLED"],
    ["large headers", get("/", `X: ${"secret".repeat(4_000)}\r\n`), {}, count, "HEADER_BYTES"],
    ["a large body", `${post}Content-Length: 11\r\n\r\n`, { bodyBytes: 10 }, count, "BODY_BYTES"],
    [
      "a large body in chunks",
      `${post}Transfer-Encoding: chunked\r\n\r\n14\r\n${"a".repeat(20)}\r\n14\r\n${"a".repeat(20)}\r\n`,
      { bodyBytes: 10 },
      count,
      "BODY_BYTES",
    ],
  ])(
    "a connection that a setting ends, for %s, has one log line",
    async ([, bytes, settings, handle, name], { expect }) => {
      const { port, lines } = await serving(settings, handle);
      const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
      if (handle === huge) client.socket.pause();
      client.socket.write(bytes);
      await expect.poll(() => lines).toHaveLength(1);
      expect(lines[0]).toMatch(
        new RegExp(`^1 connection was ended .*\\d+ (ms|bytes).* ${name} sets this limit\\.$`),
      );
      expect(lines[0]).not.toMatch(/secret|127\.0\.0\.1/);
    },
  );

  test("a silent connection, and one that waits for its next request, have no log line", async () => {
    const { port, lines } = await serving({ ...SHORT, keepAliveTimeoutMs: 1 });
    expect(statusesOf(await rawClient(port).closed)).toEqual([408]);
    expect(statusesOf(await speak(port, get("/")))).toEqual([200]);
    expect(lines).toEqual([]);
  });

  test("headers that do not arrive get 408, however short an answer may stall", async () => {
    const { port } = await serving({ ...SHORT, stalledTimeoutMs: 50 });
    expect(statusesOf(await speak(port, "GET / HT"))).toEqual([408]);
    expect(statusesOf(await rawClient(port).closed)).toEqual([408]);
  });

  test("a cut connection gets no bytes after a response has started", async ({ expect }) => {
    const { port } = await serving({}, (_, response) => {
      response.writeHead(200, { "content-length": 5 }).write("begun");
    });
    const client = rawClient(port);
    client.socket.write(get("/"));
    await expect.poll(() => client.text()).toContain("begun");
    client.socket.write(`${get("/next")}nonsense\r\n\r\n`);
    expect(statusesOf(await client.closed)).toEqual([200]);
  });
});

describe("more connections than allowed", () => {
  test("more connections than allowed close those that have been idle longest, and none with a running request", async () => {
    let working: ServerResponse | undefined;
    const { port, seen } = await serving({ connections: 20 }, (request, response) => {
      if (request.url === "/work") working = response;
      else response.end();
    });
    const closed: string[] = [];
    const open = async (name: string, bytes = "") => {
      const client = cleanUp(rawClient(port), (it) => it.socket.destroy());
      void client.closed.then(() => closed.push(name));
      await once(client.socket, "connect");
      client.socket.write(bytes);
      return client;
    };
    const worker = await open("work", get("/work", CLOSE));
    await expect.poll(() => seen).toEqual(["GET x /work"]);
    await open("silent");
    await open("in its headers", "GET / HTTP/1.1\r\n");
    const body = `POST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`;
    await open("in its body", body);
    await expect.poll(() => seen.length).toBe(2);

    for (let i = 4; i < 20; i += 1) await open(`later ${i}`);
    expect(await other(port)).toBe(200);
    await expect.poll(() => closed).toEqual(["silent"]);

    for (let i = 20; i < 120; i += 1) await open(`flood ${i}`);
    expect(await other(port)).toBe(200);
    expect(closed).not.toContain("work");
    expect(closed).toContain("in its headers");
    working?.end();
    expect(statusesOf(await worker.closed)).toEqual([200]);
  });

  test("the connection limit is below the number of files that the process may open", () => {
    expect(connectionsAllowed(1_024)).toBe(768);
    expect(connectionsAllowed(Number.POSITIVE_INFINITY)).toBe(20_000);
    expect(connectionsAllowed()).toBeGreaterThan(0);
  });
});
