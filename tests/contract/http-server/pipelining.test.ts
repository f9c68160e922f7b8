import type { ServerResponse } from "node:http";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import type { HttpSettings } from "#lib/gateway/http-server";
import { startStore } from "../../support/gateway.ts";
import { CLOSE, get, HOST, httpServers, other, SHORT } from "../../support/http-server.ts";
import { rawClient, speak, statusesOf } from "../../support/raw-client.ts";
import { smuggled } from "../../support/smuggling.ts";

const { cleanUp, serving } = httpServers();

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
