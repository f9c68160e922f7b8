import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Redis } from "ioredis";
import { afterAll, describe, expect, test } from "vitest";
import { connectionsAllowed } from "#lib/gateway/connections";
import { createHttpServer, type HttpSettings } from "#lib/gateway/http-server";
import { drip, rawClient, speak, statusesOf } from "../support/raw-client.ts";
import { startStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";
import { smuggled } from "../support/smuggling.ts";

// Tests that wait for time to pass run concurrently, each with a separate server.
const cleanUp = scope(afterAll);
const HOST = "Host: x\r\n";
const get = (target: string, headers = "") => `GET ${target} HTTP/1.1\r\n${HOST}${headers}\r\n`;
const CLOSE = "Connection: close\r\n";

/** Timeouts within a test's time; the slow clients of these tests never finish. */
const SHORT = { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500, checkEveryMs: 50 };

const NAMES = {
  headersTimeoutMs: "HEADERS",
  requestTimeoutMs: "REQUEST",
  stalledTimeoutMs: "STALLED",
  headerBytes: "HEADER_BYTES",
  bodyBytes: "BODY_BYTES",
};

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Reads the body and responds with the number of its bytes. */
const count: Handler = async (request, response) => {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("error", () => {});
  request.once("end", () => response.end(`${bytes} bytes`));
};

/** A server, and the requests that its handler received. */
async function serving(settings: Partial<HttpSettings> = {}, handle = count) {
  const seen: string[] = [];
  const lines: string[] = [];
  const server: Server = createHttpServer(
    (request, response) => {
      seen.push(`${request.method} ${request.headers.host} ${request.url}`);
      return handle(request, response);
    },
    { names: NAMES, report: (line) => lines.push(line), ...settings },
  );
  cleanUp(server, async (it) => {
    it.close();
    it.closeAllConnections();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0, seen, lines };
}

/** Returns the status that another client gets. */
async function other(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/other`, {
    headers: { connection: "close" },
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Checks a complete problem that no cache stores. */
const TOO_LARGE =
  /Content-Type: application\/problem\+json\r\n.*Cache-Control: no-store\r\n.*\r\n\r\n\{.*"status":413.*\}$/is;

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
    ["of a header", get("/", `X: ${"a".repeat(16_384)}\r\n`)],
    ["of a target", get(`/${"a".repeat(16_384)}`)],
    ["of a header's name", get("/", `${"a".repeat(16_384)}: x\r\n`)],
    ["many headers", get("/", "a:\r\n".repeat(4_096))],
  ])("a request with too much, %s, gets 431", async (_, bytes) => {
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

describe("a request that could be read as two", () => {
  test("a request that could be read as two is rejected, its connection closed, and its hidden part reaches no handler", async () => {
    const { port, seen } = await serving();
    for (const [name, bytes, status] of smuggled(`POST / HTTP/1.1\r\n${HOST}`, get("/hidden"))) {
      expect([name, statusesOf(await speak(port, bytes))]).toEqual([name, [status]]);
    }
    expect(seen.filter((line) => line.includes("hidden"))).toEqual([]);
    expect(await other(port)).toBe(200);
  });

  test("a request that could be read as two is rejected by the gateway too, and its hidden part does not run", async () => {
    const store = cleanUp(await startStore(), (it) => it.stop());
    const { port } = new URL(store.url);
    const head = `POST / HTTP/1.1\r\n${HOST}Authorization: Bearer ${store.token}\r\n`;
    const command = '["INCR","n"]';
    const increment = `${head}Content-Length: ${command.length}\r\n\r\n${command}`;
    for (const [name, bytes, status] of smuggled(head, increment)) {
      expect([name, statusesOf(await speak(Number(port), bytes))]).toEqual([name, [status]]);
    }
    const redis = cleanUp(new Redis(store.redis.url), (it) => it.disconnect());
    expect(await redis.get("n")).toBeNull();
    await speak(Number(port), increment.replace(HOST, HOST + CLOSE));
    expect(await redis.get("n")).toBe("1");
  });

  test("two valid requests are read as two, however they are written", async () => {
    const { port, seen } = await serving();
    const bodies = [
      "Content-Length: 3\r\n\r\nabc",
      "Content-Length:\t3\r\n\r\nabc",
      "content-length: 003 \r\n\r\nabc",
      "Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "Transfer-Encoding:\tchunked\r\n\r\n03;a=b\r\nabc\r\n0\r\nX: a\r\n\r\n",
    ];
    for (const body of bodies) {
      const text = await speak(port, `POST / HTTP/1.1\r\n${HOST}${body}${get("/next", CLOSE)}`);
      expect([body, text.match(/\d bytes/g)]).toEqual([body, ["3 bytes", "0 bytes"]]);
      expect(seen.splice(0)).toEqual(["POST x /", "GET x /next"]);
    }
  });

  test("no request behind a rejected request is handled", async () => {
    const { port, seen } = await serving();
    expect(statusesOf(await speak(port, `${get("/a#b")}${get("/hidden")}`))).toEqual([400]);
    expect(statusesOf(await speak(port, `${get("/", CLOSE)}${get("/hidden")}`))).toEqual([400]);
    expect(seen).toEqual([]);
  });
});

describe.concurrent("pipelined requests", () => {
  test("pipelined requests are handled one by one, in their order", async () => {
    const steps: string[] = [];
    const { port } = await serving({}, async (request, response) => {
      steps.push(`begin ${request.url}`);
      // The first takes longest: it waits until another client has been served.
      if (request.url === "/1") await other(port);
      response.once("close", () => steps.push(`end ${request.url}`));
      response.end();
    });
    await speak(port, get("/1") + get("/2") + get("/3", CLOSE));
    expect(steps.filter((step) => !step.endsWith("other"))).toEqual([
      "begin /1",
      "end /1",
      "begin /2",
      "end /2",
      "begin /3",
      "end /3",
    ]);
  });

  test.for([
    ["headers", `GET /2 HTTP/1.1\r\n${HOST}`],
    ["a body", `POST /2 HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n.`],
  ])(
    "when the second of two pipelined requests sends %s too slowly, the first gets its answer",
    async ([, second], { expect }) => {
      let answer = () => {};
      const { port, lines } = await serving(SHORT, (request, response) => {
        request.on("error", () => {});
        if (request.url === "/1") answer = () => response.end("first");
      });
      const client = rawClient(port);
      client.socket.write(get("/1") + second);
      await expect.poll(() => lines.length).toBeGreaterThan(0);
      expect(client.text()).toBe("");
      answer();
      const text = await client.closed;
      expect(statusesOf(text)).toEqual([200, 408]);
      expect(text).toContain("first");
    },
  );

  test("too many pipelined requests that wait end the connection", async ({ expect }) => {
    const { port, seen } = await serving({}, () => {});
    const client = rawClient(port);
    client.socket.write(get("/1"));
    await expect.poll(() => seen).toEqual(["GET x /1"]);
    client.socket.write(get("/more").repeat(101));
    expect(await client.closed).toBe("");
    expect(seen).toEqual(["GET x /1"]);
  });

  test("pipelined requests of a client that has disconnected are not handled", async ({
    expect,
  }) => {
    let first: ServerResponse | undefined;
    const { port, seen } = await serving({}, (request, response) => {
      if (request.url === "/1") first = response;
      else response.end();
    });
    const client = rawClient(port);
    client.socket.write(get("/1") + get("/2"));
    await expect.poll(() => seen).toEqual(["GET x /1"]);
    client.socket.destroy();
    await expect.poll(() => first?.closed).toBe(true);
    expect(await other(port)).toBe(200);
    expect(seen).toEqual(["GET x /1", `GET 127.0.0.1:${port} /other`]);
  });
});

describe("a tunnel request behind a running request", () => {
  const behind = async (settings: Partial<HttpSettings> = {}) => {
    const { port, seen } = await serving(settings, (request, response) => {
      if (request.url === "/other") response.end();
    });
    const client = rawClient(port);
    client.socket.write(`${get("/1")}CONNECT x:1 HTTP/1.1\r\n${HOST}\r\n`);
    await expect.poll(() => seen).toEqual(["GET x /1"]);
    return { port, client };
  };

  test("a tunnel request is no error when the client disconnects", async () => {
    const errors: Error[] = [];
    const hear = (error: Error) => errors.push(error);
    process.prependListener("uncaughtException", hear);
    cleanUp(hear, () => process.off("uncaughtException", hear));
    const { port, client } = await behind();
    client.socket.resetAndDestroy();
    await client.closed;
    expect(await other(port)).toBe(200);
    expect(errors).toEqual([]);
  });

  test("a tunnel request is disconnected like others when no byte arrives", async () => {
    const { client } = await behind({ stalledTimeoutMs: 100 });
    expect(await client.closed).toBe("");
  });
});

describe("a target, a method or a version", () => {
  test.each(["GET / HTTP/2.0", "GET /"])(
    "the request line %s gets 505, and reaches no handler",
    async (line) => {
      const { port, seen } = await serving();
      expect(statusesOf(await speak(port, `${line}\r\n${HOST}\r\n`))).toEqual([505]);
      expect(seen).toEqual([]);
    },
  );

  test.each([
    ["CONNECT other:443 HTTP/1.1", 501],
    ["TRACE / HTTP/1.1", 501],
    ["OPTIONS * HTTP/1.1", 204],
    ["GET * HTTP/1.1", 400],
    ["GET /a#b HTTP/1.1", 400],
    ["GET a HTTP/1.1", 400],
    ["GET ftp://other/ HTTP/1.1", 400],
    ["GET http://user@other/ HTTP/1.1", 400],
    ["GET http:///a HTTP/1.1", 400],
    ["GET http://other#/a HTTP/1.1", 400],
    ["FOO / HTTP/1.1", 400],
    ["GET / HTTP/1.2", 400],
    ["PRI * HTTP/2.0", 400],
    ["\u0016\u0003\u0001\u0002\u0000", 400],
  ])("the request line %s gets %i, and reaches no handler", async (line, status) => {
    const { port, seen } = await serving();
    const answer = await speak(port, `${line}\r\n${HOST}\r\n${get("/hidden")}`);
    expect(statusesOf(answer)).toEqual([status]);
    expect(answer).not.toMatch(/\bat |Error/);
    expect(seen).toEqual([]);
  });

  test.each([
    "",
    "Host: a b\r\n",
    "Host: a/b\r\n",
    "Host: a@b\r\n",
    "Host: a?\r\n",
    "Host: a, b\r\n",
  ])("a request with the Host %j gets 400", async (host) => {
    const { port, seen } = await serving();
    expect(statusesOf(await speak(port, `GET / HTTP/1.1\r\n${host}\r\n`))).toEqual([400]);
    expect(seen).toEqual([]);
  });

  test.each([
    ["http://other:81/a?b", "GET other:81 /a?b"],
    ["HTTPS://other?b", "GET other /?b"],
    ["http://other", "GET other /"],
    ["/http://other/", "GET x /http://other/"],
  ])("the absolute target %s is handled as %s", async (target, handled) => {
    const { port, seen } = await serving();
    expect(statusesOf(await speak(port, get(target, CLOSE)))).toEqual([200]);
    expect(seen).toEqual([handled]);
  });

  test.each(["h2c", "websocket"])(
    "a request with Upgrade: %s is handled like any other",
    async (what) => {
      const { port, seen } = await serving();
      const headers = `Connection: Upgrade, close\r\nUpgrade: ${what}\r\n`;
      expect(statusesOf(await speak(port, get("/", headers)))).toEqual([200]);
      expect(seen).toEqual(["GET x /"]);
    },
  );

  test("a request with Expect gets 100 to continue, and 417 for other expectations", async () => {
    const { port, seen } = await serving();
    const expecting = (what: string) =>
      `POST / HTTP/1.1\r\n${HOST}${CLOSE}Expect: ${what}\r\nContent-Length: 2\r\n\r\nab`;
    expect(statusesOf(await speak(port, expecting("100-continue")))).toEqual([100, 200]);
    expect(seen.splice(0)).toHaveLength(1);
    expect(statusesOf(await speak(port, expecting("tea")))).toEqual([417]);
    expect(seen).toEqual([]);
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

test("a handler has the ten listeners of a response that Node accepts without a warning", async () => {
  const warned: Error[] = [];
  const warn = (warning: Error) => void warned.push(warning);
  process.on("warning", warn);
  cleanUp(warn, (it) => process.off("warning", it));
  const { port } = await serving({}, (_, response) => {
    for (let i = 0; i < 10; i += 1) response.on("close", () => {});
    // Node emits its warnings in the next turn.
    setImmediate(() => response.end());
  });
  expect(await other(port)).toBe(200);
  expect(warned).toEqual([]);
});
