import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startGateway } from "#lib/gateway/server";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const token = "a-token-of-the-tests";
const cleanUp = scope();

async function behind(redisUrl: string, commandTimeoutMs = 300) {
  const lines: string[] = [];
  const gateway = cleanUp(
    await startGateway({
      redisUrl,
      token,
      limits: { commandTimeoutMs },
      report: (line) => lines.push(line),
    }),
    (it) => it.close(),
  );
  const ask = async (path: string, body: unknown) => {
    const began = performance.now();
    const response = await fetch(gateway.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    return { status: response.status, answer, ms: performance.now() - began };
  };
  return { gateway, ask, lines };
}

describe("an unavailable Redis", () => {
  test("an unavailable Redis gets 503 at once for every path, and is used again when it is back", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const { ask, lines } = await behind(redis.url, 60_000);
    expect((await ask("/", ["SET", "k", "v"])).status).toBe(200);
    await redis.stop();
    await expect.poll(async () => (await ask("/", ["GET", "k"])).status).toBe(503);

    for (const [path, body] of [
      ["/", ["INCR", "n"]],
      ["/pipeline", [["INCR", "n"]]],
      ["/multi-exec", [["INCR", "n"]]],
    ] as const) {
      const unavailable = await ask(path, body);
      expect(unavailable.status).toBe(503);
      expect(unavailable.ms).toBeLessThan(10_000);
      expect(JSON.parse(unavailable.answer)).toEqual({ error: "ERR Redis cannot be reached." });
    }

    cleanUp(await startRedis(redis.port), (it) => it.stop());
    await expect.poll(async () => (await ask("/", ["PING"])).status, { timeout: 10_000 }).toBe(200);
    // Requests meanwhile were rejected, not kept for later.
    expect((await ask("/", ["GET", "n"])).answer).toBe('{"result":null}');
    expect(lines[0]).toBe("Redis answers");
    expect(lines.at(-1)).toBe("Redis answers");
    expect(lines.length).toBeGreaterThan(2);
  });

  test("a gateway starts in front of an unavailable Redis", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    await redis.stop();
    const { ask, lines } = await behind(redis.url);
    expect((await ask("/", ["PING"])).status).toBe(503);
    expect(lines).toEqual(["Redis cannot be used (ECONNREFUSED); trying again"]);
    cleanUp(await startRedis(redis.port), (it) => it.stop());
    await expect.poll(async () => (await ask("/", ["PING"])).status, { timeout: 10_000 }).toBe(200);
  });

  test("when Redis becomes unavailable, each call in flight fails, and none runs twice", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const { ask } = await behind(redis.url);
    const calls = Array.from({ length: 200 }, () =>
      ask("/multi-exec", [
        ["INCR", "n"],
        ["INCR", "n"],
      ]),
    );
    await redis.stop();
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.every((status) => [200, 503, 504].includes(status))).toBe(true);
    cleanUp(await startRedis(redis.port), (it) => it.stop());
    await expect.poll(async () => (await ask("/", ["PING"])).status, { timeout: 10_000 }).toBe(200);
    expect((await ask("/", ["GET", "n"])).answer).toBe('{"result":null}');
  });
});

describe("a Redis that is slow", () => {
  test("a slow Redis gets 504 after the command's deadline, and the gateway serves again when Redis responds", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const direct = cleanUp(new Redis(redis.url), (it) => it.disconnect());
    const { ask } = await behind(redis.url);
    await direct.call("CLIENT", "PAUSE", "450", "ALL");
    const slow = await ask("/", ["INCR", "n"]);
    expect(slow.status).toBe(504);
    expect(slow.answer).toBe('{"error":"ERR Redis did not answer within 300 ms."}');
    expect(slow.ms).toBeGreaterThanOrEqual(290);
    await expect.poll(async () => (await ask("/", ["PING"])).status, { timeout: 10_000 }).toBe(200);
  });
});

describe("a Redis that rejects the gateway's password", () => {
  test("a Redis that rejects the password gets 503, and neither the answer nor the log has the password", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const direct = cleanUp(new Redis(redis.url), (it) => it.disconnect());
    await direct.call("ACL", "SETUSER", "app", "on", ">right-password", "+@all", "~*");
    const address = new URL(redis.url);
    const { ask, lines } = await behind(`redis://app:hunter2-secret@${address.host}`);
    const refused = await ask("/", ["PING"]);
    expect(refused.status).toBe(503);
    expect(lines).toContain("Redis cannot be used (WRONGPASS); trying again");
    const said = [refused.answer, ...lines].join("\n");
    expect(said).not.toMatch(/hunter2|redis:\/\/|tests/);
  });
});
