import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Gateway, serveStore, type ServeOptions } from "#lib/gateway/server";
import type { Argument, Store } from "#lib/gateway/store/store";
import { scope } from "../support/scope.ts";
import { asText, type RunningStore, STORES } from "../support/stores.ts";

const token = "a-token-of-the-tests";
const cleanUp = scope();

let running: RunningStore;
let direct: Store;
let gateway: Gateway;

/** Sends a command to the gateway as another client. */
async function look(name: string, ...args: Argument[]): Promise<unknown> {
  return asText(await direct.call([name, ...args]));
}

async function ask(path: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
  const response = await fetch(gateway.url + path, { ...init, headers });
  const answer: unknown = await response.json();
  return { status: response.status, answer };
}

const post = (path: string, body: unknown, headers = {}) =>
  ask(path, { method: "POST", body: JSON.stringify(body), headers });

const error = (text: string) => ({ error: expect.stringContaining(text) as string });

describe.each(STORES)("before $name:", (kind) => {
  beforeAll(async () => {
    running = await kind.start();
    direct = await running.open();
    gateway = await serveStore(await running.open(), {
      token,
      limits: { bodyBytes: 2_000, pipelineCommands: 5, requestTimeoutMs: 500 },
    });
  });
  beforeEach(() => look("FLUSHALL"));
  afterAll(async () => {
    await gateway?.close();
    await direct?.close();
    await running?.stop();
  });

  describe("a command", () => {
    test("a command gets its result, and an error of Redis gets 400", async () => {
      expect(await post("/", ["SET", "k", "v"])).toEqual({ status: 200, answer: { result: "OK" } });
      expect(await post("/", ["INCRBY", "n", 5])).toEqual({ status: 200, answer: { result: 5 } });
      expect(await post("/", ["GET", "none"])).toEqual({ status: 200, answer: { result: null } });
      expect(await post("/", ["INCR", "k"])).toEqual({
        status: 400,
        answer: error("ERR value is not an integer"),
      });
      expect(await post("/", ["NOSUCH"])).toEqual({
        status: 400,
        answer: error("ERR unknown command"),
      });
      expect(await post("/", ["EVALSHA", "0".repeat(40), 0])).toEqual({
        status: 400,
        answer: error("NOSCRIPT"),
      });
    });

    test("commands that ioredis would reshape are sent and answered as Redis has them", async () => {
      await post("/", ["hset", "h", "a", "1", "b", "2"]);
      expect(await post("/", ["hgetall", "h"])).toEqual({
        status: 200,
        answer: { result: ["a", "1", "b", "2"] },
      });
      expect(await post("/", ["ZADD", "z", 1.5, "m"])).toEqual({
        status: 200,
        answer: { result: 1 },
      });
      expect(await post("/", ["ZSCORE", "z", "m"])).toEqual({
        status: 200,
        answer: { result: "1.5" },
      });
    });

    test("a command is answered in base64 on request, bytes included", async () => {
      await look("SET", "bytes", Buffer.from([0, 255, 254]));
      await look("RPUSH", "list", "OK", "é");
      const base64 = { "Upstash-Encoding": "base64" };
      expect((await post("/", ["GET", "bytes"], base64)).answer).toEqual({ result: "AP/+" });
      expect((await post("/", ["LRANGE", "list", 0, -1], base64)).answer).toEqual({
        result: ["T0s=", "w6k="],
      });
      expect((await post("/", ["SET", "k", "v"], base64)).answer).toEqual({ result: "OK" });
      expect((await post("/", ["PING"], base64)).answer).toEqual({ result: "UE9ORw==" });
    });

    test("a command may be written as a path, with bytes in the body", async () => {
      const body = Buffer.from([0, 255]);
      expect((await ask("/set/a%20b?EX=100&NX", { method: "POST", body })).answer).toEqual({
        result: "OK",
      });
      expect(await direct.call(["GET", "a b"])).toEqual(body);
      expect(await look("TTL", "a b")).toBeGreaterThan(90);
      expect((await ask("/exists/a%20b")).answer).toEqual({ result: 1 });
    });
  });

  describe("a pipeline", () => {
    test("a pipeline has one answer for each command, with errors and rejections in their places", async () => {
      const { status, answer } = await post("/pipeline", [
        ["SET", "k", "v"],
        ["INCR", "k"],
        ["FLUSHALL"],
        ["GET", "k"],
      ]);
      expect(status).toBe(200);
      expect(answer).toEqual([
        { result: "OK" },
        error("ERR value is not an integer"),
        error("refuses FLUSHALL"),
        { result: "v" },
      ]);
    });

    test("a pipeline of rejected commands is answered without Redis", async () => {
      expect((await post("/pipeline", [["SHUTDOWN"]])).answer).toEqual([error("refuses SHUTDOWN")]);
    });

    test("a pipeline with an invalid argument is rejected before any command runs", async () => {
      expect(
        await post("/pipeline", [
          ["SET", "k", 1],
          ["GET", null],
        ]),
      ).toMatchObject({ status: 400 });
      expect(await look("EXISTS", "k")).toBe(0);
    });
  });

  describe("a transaction", () => {
    test("a transaction has one answer for each command, with runtime errors in their places", async () => {
      const { answer } = await post("/multi-exec", [
        ["SET", "k", "v"],
        ["INCR", "k"],
        ["GET", "k"],
      ]);
      expect(answer).toEqual([
        { result: "OK" },
        error("ERR value is not an integer"),
        { result: "v" },
      ]);
    });

    test("a transaction that Redis discards is one error, and runs nothing", async () => {
      const discarded = await post("/multi-exec", [["SET", "k", "v"], ["NOSUCH"]]);
      expect(discarded).toEqual({ status: 400, answer: error("EXECABORT") });
      expect(await look("EXISTS", "k")).toBe(0);
      expect((await post("/", ["PING"])).answer).toEqual({ result: "PONG" });
    });

    test("a transaction with a rejected command is one error, and runs nothing", async () => {
      const rejected = await post("/multi-exec", [["SET", "k", "v"], ["DISCARD"]]);
      expect(rejected).toEqual({ status: 400, answer: error("refuses DISCARD") });
      expect(await look("EXISTS", "k")).toBe(0);
    });
  });

  describe("without the token", () => {
    test.each([
      "/",
      "/pipeline",
      "/multi-exec",
      "/get/k",
      "/subscribe/ch",
      "/nowhere",
      `/get/k?_token=${token}`,
    ])("without the token %s answers 401 to every method and runs nothing", async (path) => {
      await look("SET", "k", "kept");
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
        for (const authorization of ["", "Bearer wrong-token-of-tests", `Basic ${token}`]) {
          const body = method === "GET" ? null : '["DEL","k"]';
          const { status, answer } = await ask(path, { method, body, headers: { authorization } });
          expect([method, authorization, status]).toEqual([method, authorization, 401]);
          expect(answer).toEqual(error("Unauthorized"));
        }
      }
      expect(await look("GET", "k")).toBe("kept");
    });

    test("without the token the answer is sent before the body, which is not requested", async () => {
      const reply = await raw([
        "POST / HTTP/1.1",
        "Host: x",
        "Content-Length: 1000",
        "Expect: 100-continue",
      ]);
      expect(reply).toMatch(/^HTTP\/1\.1 401 /);
    });
  });

  describe("bounds", () => {
    test("a body that is too large gets 413, with or without Content-Length, and the gateway serves on", async () => {
      expect(await post("/", ["SET", "k", "x".repeat(2_000)])).toEqual({
        status: 413,
        answer: error("2000 bytes"),
      });
      const body = new ReadableStream({
        start(controller) {
          for (let n = 0; n < 50; n += 1) controller.enqueue(new Uint8Array(1_000));
          controller.close();
        },
      });
      const streamed = await ask("/set/k", { method: "POST", body, duplex: "half" } as RequestInit);
      expect(streamed).toEqual({ status: 413, answer: error("2000 bytes") });
      expect(await look("EXISTS", "k")).toBe(0);
      expect((await post("/", ["PING"])).status).toBe(200);
    });

    test("a pipeline or a transaction that is too long gets 400", async () => {
      const six = Array.from({ length: 6 }, () => ["PING"]);
      for (const path of ["/pipeline", "/multi-exec"]) {
        expect(await post(path, six)).toEqual({ status: 400, answer: error("at most 5") });
        expect(await post(path, [])).toMatchObject({ status: 400 });
      }
    });

    test("a client that sends too slowly is disconnected", async () => {
      const headers = [
        "POST / HTTP/1.1",
        "Host: x",
        `Authorization: Bearer ${token}`,
        "Content-Length: 100",
      ];
      expect(await raw(headers)).toMatch(/^HTTP\/1\.1 408 /);
      expect(await raw(["POST / HTTP/1.1"], "")).toMatch(/^HTTP\/1\.1 408 /);
    });

    test("a request outside the protocol is rejected in JSON", async () => {
      expect(await ask("/", { method: "POST", body: "[1" })).toEqual({
        status: 400,
        answer: error("not JSON"),
      });
      expect(await ask("/pipeline")).toEqual({ status: 405, answer: error("GET is not allowed") });
      expect(await ask("/get/k", { method: "DELETE" })).toMatchObject({ status: 405 });
      expect(await post("/", ["SUBSCRIBE", "ch"])).toEqual({
        status: 400,
        answer: error("refuses SUBSCRIBE: its answer is a stream; open /subscribe/<channel>"),
      });
      expect(await ask("/monitor")).toEqual({ status: 400, answer: error("refuses MONITOR") });
      const resp2 = await post("/", ["PING"], { "Upstash-Response-Format": "resp2" });
      expect(resp2).toEqual({ status: 400, answer: error("in JSON only") });
    });

    test("more concurrent requests than allowed get 503", async () => {
      const narrow = cleanUp(
        await serveStore(await running.open(), { token, limits: { concurrentRequests: 1 } }),
        (it) => it.close(),
      );
      const held = connect(narrow.port, "127.0.0.1");
      cleanUp(held, (it) => it.destroy());
      held.write(
        `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nAuthorization: Bearer ${token}\r\nContent-Length: 9\r\n\r\n`,
      );
      await once(held, "data");
      const headers = { authorization: `Bearer ${token}` };
      const busy = await fetch(`${narrow.url}/ping`, { headers });
      expect([busy.status, await busy.json()]).toEqual([503, error("in progress already")]);
      held.write('["PING"] ');
      const [answered] = (await once(held, "data")) as [Buffer];
      expect(answered.toString()).toContain('{"result":"PONG"}');
      expect((await fetch(`${narrow.url}/ping`, { headers })).status).toBe(200);
    });
  });

  describe("the gateway", () => {
    test("the gateway runs FLUSHDB only when that is allowed", async () => {
      const flushing = cleanUp(
        await serveStore(await running.open(), { token, allowFlush: true }),
        (it) => it.close(),
      );
      await look("SET", "k", "v");
      expect(await post("/", ["FLUSHDB"])).toMatchObject({ status: 400 });
      expect(await look("EXISTS", "k")).toBe(1);
      await fetch(`${flushing.url}/flushdb`, { headers: { authorization: `Bearer ${token}` } });
      expect(await look("EXISTS", "k")).toBe(0);
    });

    test("the gateway rejects invalid options by name and without secrets", async () => {
      const start = (options: Partial<ServeOptions>) => serveStore(direct, { token, ...options });
      await expect(start({ token: "short" })).rejects.toMatchObject({ code: "GATEWAY_INVALID" });
      await expect(start({ port: gateway.port })).rejects.toThrow("EADDRINUSE");
      await expect(start({ limits: { bodyBytes: 0 } })).rejects.toThrow("limits.bodyBytes");
    });

    test("the gateway finishes running requests when it closes, and accepts no new ones", async () => {
      const closing = await serveStore(await running.open(), { token });
      const held = connect(closing.port, "127.0.0.1");
      held.write(
        `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nAuthorization: Bearer ${token}\r\nContent-Length: 8\r\n\r\n`,
      );
      await once(held, "data");

      const closed = closing.close();
      expect(closing.close()).toBe(closed);
      await expect(fetch(closing.url)).rejects.toThrow("fetch failed");
      let rest = "";
      held.on("data", (chunk: Buffer) => (rest += chunk.toString()));
      held.write('["PING"]');
      await once(held, "close");
      expect(rest).toContain('{"result":"PONG"}');
      expect(rest.toLowerCase()).toContain("connection: close");
      await closed;
    });
  });
});

/** Sends only headers, by hand, and reads until the server ends the connection or has answered. */
async function raw(headers: readonly string[], end = "\r\n\r\n"): Promise<string> {
  const socket = connect(gateway.port, "127.0.0.1");
  cleanUp(socket, (it) => it.destroy());
  socket.write(headers.join("\r\n") + end);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString();
}
