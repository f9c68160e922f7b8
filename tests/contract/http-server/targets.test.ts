import { describe, expect, test } from "vitest";
import { CLOSE, get, HOST, httpServers, other } from "../../support/http-server.ts";
import { speak, statusesOf } from "../../support/raw-client.ts";

const { cleanUp, serving } = httpServers();

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
