import { describe, expect, test } from "vitest";
import { STORES } from "../support/stores.ts";
import { error, servedGateway } from "../support/served-gateway.ts";

describe.each(STORES)("before $name:", (kind) => {
  const gateway = servedGateway(kind);
  const { look, post, send } = gateway;

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
      expect((await send("/set/a%20b?EX=100&NX", { method: "POST", body })).answer).toEqual({
        result: "OK",
      });
      expect(await gateway.direct.call(["GET", "a b"])).toEqual(body);
      expect(await look("TTL", "a b")).toBeGreaterThan(90);
      expect((await send("/exists/a%20b")).answer).toEqual({ result: 1 });
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
});
