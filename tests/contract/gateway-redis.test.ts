import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOwnRedis } from "#lib/server/own-redis";
import { connectTcp } from "#lib/gateway/direct";
import { startGateway } from "#lib/gateway/server";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const token = "a-token-of-the-tests";
const cleanUp = scope();

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

describe("the gateway's connection to Redis", () => {
  test("the gateway connects to a Unix socket", async () => {
    const own = cleanUp(await startOwnRedis(() => {}), (it) => it.stop());
    const local = cleanUp(await startGateway({ redisOptions: { path: own.socket }, token }), (it) =>
      it.close(),
    );
    const response = await fetch(`${local.url}/ping`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await response.json()).toEqual({ result: "PONG" });
  });

  test("a transaction contains no command of another caller", async () => {
    const gateway = cleanUp(await startGateway({ redisUrl: server.url, token }), (it) =>
      it.close(),
    );
    const post = async (path: string, body: unknown) => {
      const headers = { authorization: `Bearer ${token}` };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      return (await fetch(gateway.url + path, init)).status;
    };
    const watcher = cleanUp(await redis.monitor(), (it) => it.disconnect());
    const seen: string[] = [];
    watcher.on("monitor", (_: string, args: string[]) =>
      seen.push(args.slice(0, 2).join(" ").toLowerCase()),
    );
    const rounds = Array.from({ length: 40 }, (_, n) => [
      post("/multi-exec", [
        ["INCR", `t${n}`],
        ["INCR", `t${n}`],
        ["INCR", `t${n}`],
      ]),
      post("/", ["INCR", "single"]),
      post("/pipeline", [
        ["INCR", "piped"],
        ["INCR", "piped"],
      ]),
    ]);
    const statuses = await Promise.all(rounds.flat());
    expect(statuses.every((status) => status === 200)).toBe(true);
    await redis.set("end", "1");
    await expect.poll(() => seen.includes("set end")).toBe(true);

    const starts = seen.flatMap((line, index) => (line === "multi" ? [index] : []));
    expect(starts).toHaveLength(40);
    for (const start of starts) {
      const own = seen[start + 1];
      expect(own).toMatch(/^incr t\d+$/);
      expect(seen.slice(start, start + 5)).toEqual(["multi", own, own, own, "exec"]);
    }
  });

  test("the connection to Redis ends with the gateway", async () => {
    const closing = await startGateway({
      redisUrl: server.url,
      redisOptions: { connectionName: "closing" },
      token,
    });
    expect(await redis.client("LIST")).toContain("name=closing");
    await closing.close();
    await expect.poll(() => redis.client("LIST")).not.toContain("name=closing");
  });

  test("an address that cannot be read is rejected, without its secrets", async () => {
    const started = startGateway({ redisUrl: "http://user:hunter2@x", token });
    await expect(started).rejects.toThrow("cannot be read");
    await expect(started).rejects.not.toThrow("hunter2");
  });

  test("the gateway uses the database that the address names", async () => {
    const gateway = cleanUp(await startGateway({ redisUrl: `${server.url}/3`, token }), (it) =>
      it.close(),
    );
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${gateway.url}/set/in-database-3/1`, { headers });
    const other = cleanUp(new Redis(`${server.url}/3`), (it) => it.disconnect());
    expect([await other.get("in-database-3"), await redis.get("in-database-3")]).toEqual([
      "1",
      null,
    ]);
  });

  test("the gateway does not start for a database that Redis does not have, and prints one line", async () => {
    const said: string[] = [];
    const report = (line: string) => said.push(line);
    const started = startGateway({ redisUrl: `${server.url}/99`, token, report });
    await expect(started).rejects.toMatchObject({
      code: "GATEWAY_INVALID",
      message: expect.stringContaining("Redis refuses database 99 (ERR)"),
    });
    expect(said.filter((line) => line.includes("cannot be used"))).toEqual([]);
  });

  test("a client by TCP runs no command in another database than the address names", async () => {
    const direct = connectTcp({ redisUrl: `${server.url}/99`, deadlineMs: 5_000 });
    await expect(direct.redis.set("in-no-database", "1")).rejects.toMatchObject({
      message: expect.stringContaining("Redis refuses database 99"),
    });
    expect(await redis.exists("in-no-database")).toBe(0);
    const third = connectTcp({ redisUrl: `${server.url}/3`, deadlineMs: 5_000 });
    cleanUp(third, (it) => it.close());
    expect(await third.redis.get("in-database-3")).toBe(1);
  });
});
