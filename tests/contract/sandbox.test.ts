import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEmbeddedStore } from "#lib/embedded/store";
import { type Gateway, serveStore, startGateway } from "#lib/gateway/server";
import { startRedis, type TestRedis } from "../support/redis.ts";

const token = "a-token-of-the-tests";

let redis: TestRedis;
let real: Gateway;
let embedded: Gateway;

beforeAll(async () => {
  redis = await startRedis();
  real = await startGateway({ redisUrl: redis.url, token });
  embedded = await serveStore(await openEmbeddedStore(), { token });
});
afterAll(async () => {
  await embedded?.close();
  await real?.close();
  await redis?.stop();
});

async function answerOf(gateway: Gateway, lua: string): Promise<unknown> {
  const response = await fetch(gateway.url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(["EVAL", lua, "0"]),
  });
  const answer = (await response.json()) as { result?: unknown; error?: string };
  // Lua 5.4 names the value that it could not index.
  return answer.error === undefined ? answer : answer.error.replace(" (constant '')", "");
}

/** The global tables that Redis 7.0 has too. */
const TABLES = ["_G", "redis", "string", "table", "math"];

describe("a script that reaches for a global table is answered as by redis-server", () => {
  test.each([
    ...TABLES.flatMap((name) => [
      `${name}.left = 1`,
      `${name}.type = nil`,
      `local _, t = pairs(${name}) t.left = 1`,
      `local _, t = pairs(${name}) t.type = nil return 1`,
      `for k in pairs(${name}) do ${name}[k] = nil end`,
      `for k in next, ${name} do ${name}[k] = nil end`,
      `rawset(${name}, 'left', 1)`,
      `setmetatable(${name}, {})`,
      `setmetatable(${name}, nil)`,
      `table.insert(${name}, 1)`,
      `return type(next(${name}))`,
      `return rawget(${name}, (next(${name}))) ~= nil`,
      `return tostring(rawget(${name}, 'missing'))`,
      `return rawequal(${name}, ${name})`,
      `return #${name}`,
    ]),
    "return type(rawget(redis, 'call'))",
    "('').x = 1",
    "x = 1",
    "return missing",
    ...[
      "getfenv",
      "setfenv",
      "newproxy",
      "debug",
      "dofile",
      "loadfile",
      "print",
      "require",
      "io",
    ].map((name) => `return ${name}`),
    "KEYS[1] = 'mine' return KEYS[1]",
    "return #KEYS",
  ])("the script %s gets the same answer", async (lua) => {
    expect(await answerOf(embedded, lua)).toEqual(await answerOf(real, lua));
    const after = "return { type(redis.call), string.format('%d', 3), #KEYS }";
    expect(await answerOf(embedded, after)).toEqual(await answerOf(real, after));
  });
});
