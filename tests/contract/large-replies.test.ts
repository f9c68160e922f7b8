import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { serveStore } from "#lib/gateway/server";
import { rawClient } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";

const cleanUp = scope();
const token = "a-token-of-the-tests";
const authorization = `Bearer ${token}`;
const VALUE = "x".repeat(100_000);
const tooMuch = {
  error: expect.stringMatching(/^ERR the replies of one request must use at most/) as string,
};
const busy = {
  error: expect.stringMatching(/^ERR the replies of all requests in progress use/) as string,
};

const get = ["GET", "{k}value"];
const times = <T>(count: number, one: T) => Array.from({ length: count }, () => one);

describe.each(STORES_AND_CLUSTER)("before $name: replies", (kind) => {
  async function start(limits: { replyBytes: number; allReplyBytes?: number }) {
    const running = cleanUp(await kind.start(), (it) => it.stop());
    const direct = cleanUp(await running.open(), (it) => it.close());
    await direct.call(["SET", "{k}value", VALUE]);
    for (let n = 0; n < 3; n += 1) {
      await direct.call(["RPUSH", "{k}list", ...times(1_000, "entry")]);
    }
    const gateway = cleanUp(await serveStore(await running.open(), { token, limits }), (it) =>
      it.close(),
    );
    const ask = async (path: string, body: unknown, headers = {}) => {
      const init = { method: "POST", headers: { authorization, ...headers } };
      const answer = await fetch(gateway.url + path, { ...init, body: JSON.stringify(body) });
      return { status: answer.status, answer: (await answer.json()) as unknown };
    };
    return { ask, gateway, direct };
  }

  const value = { result: VALUE };

  test("replies of a pipeline that do not fit are errors, each in its place", async () => {
    const { ask } = await start({ replyBytes: 450_000 });
    const commands = [...times(10, get), ["INCR", "{k}n"], ["NOSUCH"], ["FLUSHALL"]];
    const { status, answer } = await ask("/pipeline", commands);
    expect(status).toBe(200);
    expect(answer).toEqual([
      ...times(4, value),
      ...times(8, tooMuch),
      { error: expect.stringContaining("refuses FLUSHALL") as string },
    ]);
    expect((await ask("/", get)).answer).toEqual(value);
  });

  test("replies of a transaction that do not fit are errors, each in its place", async () => {
    const { ask } = await start({ replyBytes: 450_000 });
    const { status, answer } = await ask("/multi-exec", [...times(10, get), ["INCR", "{k}n"]]);
    expect(status).toBe(200);
    expect(answer).toEqual([...times(4, value), ...times(7, tooMuch)]);
    expect((await ask("/", ["GET", "{k}n"])).answer).toEqual({ result: "1" });
  });

  test("a reply of one command that does not fit is one error, and the next command is answered", async () => {
    const { ask } = await start({ replyBytes: 450_000 });
    const large = [
      ["MGET", ...times(20, "{k}value")],
      ["MGET", ...times(5_000, "{k}none")],
      ["EVAL", "return {{redis.call('MGET', unpack(KEYS))}}", 5, ...times(5, "{k}value")],
    ];
    for (const command of large) {
      expect(await ask("/", command)).toEqual({ status: 400, answer: tooMuch });
    }
    expect(await ask("/", ["LRANGE", "{k}list", 0, -1])).toMatchObject({ status: 200 });
    expect(await ask("/pipeline", times(2, ["LRANGE", "{k}list", 0, -1]))).toEqual({
      status: 200,
      answer: [{ result: times(3_000, "entry") }, tooMuch],
    });
    expect((await ask("/", get)).answer).toEqual(value);
  });

  test("replies count with the size of their text", async () => {
    const { ask, direct } = await start({ replyBytes: 450_000 });
    await direct.call(["SET", "{k}escaped", "\u0001".repeat(100_000)]);
    expect(await ask("/", ["GET", "{k}escaped"])).toEqual({ status: 400, answer: tooMuch });
    const { answer } = await ask("/pipeline", [get, ["GET", "{k}escaped"], get]);
    expect(answer).toEqual([value, tooMuch, tooMuch]);
  });

  test("replies of all requests share one bound, and small replies are sent meanwhile", async () => {
    const { ask, gateway } = await start({ replyBytes: 24_000_000, allReplyBytes: 24_000_000 });
    // A client that does not read its answer keeps its request running.
    const slow = cleanUp(rawClient(gateway.port), (it) => it.socket.destroy());
    const body = JSON.stringify(times(200, get));
    slow.socket.once("data", () => slow.socket.pause());
    const answered = once(slow.socket, "data");
    slow.socket.write(
      `POST /pipeline HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const four = times(50, get);
    await answered;
    const { status, answer } = await ask("/pipeline", four);
    expect([status, (answer as unknown[]).at(0), (answer as unknown[]).at(-1)]).toEqual([
      200,
      value,
      busy,
    ]);
    expect(await ask("/", ["MGET", ...times(50, "{k}value")])).toEqual({
      status: 503,
      answer: busy,
    });
    expect(await ask("/", ["INCR", "{k}n"])).toEqual({ status: 200, answer: { result: 1 } });
    slow.socket.destroy();
    await expect.poll(async () => (await ask("/pipeline", four)).answer).toEqual(times(50, value));
  });
});
