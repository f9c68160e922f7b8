import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { serveStore } from "#lib/gateway/server";
import { scope } from "../support/scope.ts";
import { STORES } from "../support/stores.ts";
import { error, servedGateway, token } from "../support/served-gateway.ts";

const cleanUp = scope();

describe.each(STORES)("before $name:", (kind) => {
  const gateway = servedGateway(kind);
  const { look, post, send } = gateway;

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
          const { status, answer } = await send(path, { method, body, headers: { authorization } });
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
      const streamed = await send("/set/k", {
        method: "POST",
        body,
        duplex: "half",
      } as RequestInit);
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
      expect(await send("/", { method: "POST", body: "[1" })).toEqual({
        status: 400,
        answer: error("not JSON"),
      });
      expect(await send("/pipeline")).toEqual({ status: 405, answer: error("GET is not allowed") });
      expect(await send("/get/k", { method: "DELETE" })).toMatchObject({ status: 405 });
      expect(await post("/", ["SUBSCRIBE", "ch"])).toEqual({
        status: 400,
        answer: error("refuses SUBSCRIBE: its answer is a stream; open /subscribe/<channel>"),
      });
      expect(await send("/monitor")).toEqual({ status: 400, answer: error("refuses MONITOR") });
      const resp2 = await post("/", ["PING"], { "Upstash-Response-Format": "resp2" });
      expect(resp2).toEqual({ status: 400, answer: error("in JSON only") });
    });

    test("more concurrent requests than allowed get 503", async () => {
      const narrow = cleanUp(
        await serveStore(await gateway.open(), { token, limits: { concurrentRequests: 1 } }),
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

  /** Sends only headers, by hand, and reads until the server ends the connection or has answered. */
  async function raw(headers: readonly string[], end = "\r\n\r\n"): Promise<string> {
    const socket = connect(gateway.port, "127.0.0.1");
    cleanUp(socket, (it) => it.destroy());
    socket.write(headers.join("\r\n") + end);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    return chunk.toString();
  }
});
