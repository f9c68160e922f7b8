import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { serveStore, type ServeOptions } from "#lib/gateway/server";
import { scope } from "../support/scope.ts";
import { STORES } from "../support/stores.ts";
import { servedGateway, token } from "../support/served-gateway.ts";

const cleanUp = scope();

describe.each(STORES)("before $name:", (kind) => {
  const gateway = servedGateway(kind);
  const { look, post } = gateway;

  describe("the gateway", () => {
    test("the gateway runs FLUSHDB only when that is allowed", async () => {
      const flushing = cleanUp(
        await serveStore(await gateway.open(), { token, allowFlush: true }),
        (it) => it.close(),
      );
      await look("SET", "k", "v");
      expect(await post("/", ["FLUSHDB"])).toMatchObject({ status: 400 });
      expect(await look("EXISTS", "k")).toBe(1);
      await fetch(`${flushing.url}/flushdb`, { headers: { authorization: `Bearer ${token}` } });
      expect(await look("EXISTS", "k")).toBe(0);
    });

    test("the gateway rejects invalid options by name and without secrets", async () => {
      const start = (options: Partial<ServeOptions>) =>
        serveStore(gateway.direct, { token, ...options });
      await expect(start({ token: "short" })).rejects.toMatchObject({ code: "GATEWAY_INVALID" });
      await expect(start({ port: gateway.port })).rejects.toThrow("EADDRINUSE");
      await expect(start({ limits: { bodyBytes: 0 } })).rejects.toThrow("limits.bodyBytes");
    });

    test("the gateway finishes running requests when it closes, and accepts no new ones", async () => {
      const closing = await serveStore(await gateway.open(), { token });
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
