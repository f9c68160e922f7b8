import { Ratelimit } from "@upstash/ratelimit";
import { Redis as UpstashRedis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Gateway, serveStore } from "#lib/gateway/server";
import type { Argument, Store } from "#lib/gateway/store/store";
import { asText, recorded, type RunningStore, STORES } from "../support/stores.ts";

const token = "a-token-of-the-tests";

let running: RunningStore;
let direct: Store;
let gateway: Gateway;
/** The values that were sent to the store. */
let sent: string[];

/** Sends a command to the gateway as another client. */
async function look(name: string, ...args: Argument[]): Promise<unknown> {
  return asText(await direct.call([name, ...args]));
}

function timesSent(command: string): number {
  return sent.filter((name) => name === command).length;
}

const kinds = [
  ["with its defaults (joined calls, base64)", {}],
  ["with plain texts", { responseEncoding: false as const }],
  ["without joined calls", { enableAutoPipelining: false }],
] as const;

describe.each(STORES)("before $name:", (kind) => {
  beforeAll(async () => {
    running = await kind.start();
    direct = await running.open();
    const { store, names } = recorded(await running.open());
    gateway = await serveStore(store, { token });
    sent = names;
  });
  beforeEach(async () => {
    await look("FLUSHALL");
    await look("SCRIPT", "FLUSH");
    sent.length = 0;
  });
  afterAll(async () => {
    await gateway?.close();
    await direct?.close();
    await running?.stop();
  });

  describe.each(kinds)("@upstash/redis %s", (_, options) => {
    const client = () => new UpstashRedis({ url: gateway.url, token, ...options });

    test("@upstash/redis stores and reads text of any script, and JSON", async () => {
      const redis = client();
      const text = 'héllo wörld 日本 🎛️ \u0000 " \\ \n';
      expect(await redis.set("text", text)).toBe("OK");
      expect(await redis.get("text")).toBe(text);
      expect(await look("GET", "text")).toBe(text);
      await redis.set("json", { artists: ["Sigur Rós"], n: 1 });
      expect(await redis.get("json")).toEqual({ artists: ["Sigur Rós"], n: 1 });
      expect(await redis.get("none")).toBeNull();
    });

    test("@upstash/redis reads OK as a reply, as a stored value and inside lists", async () => {
      const redis = client();
      await redis.set("ok", "OK");
      expect(await redis.get("ok")).toBe("OK");
      await redis.rpush("list", "OK", "OKAY", "é");
      expect(await redis.lrange("list", 0, -1)).toEqual(["OK", "OKAY", "é"]);
      expect(await redis.eval("return {'OK', {'OK', {'é'}}, 1, false}", [], [])).toEqual([
        "OK",
        ["OK", ["é"]],
        1,
        null,
      ]);
    });

    test("@upstash/redis reads hashes, scores and scans", async () => {
      const redis = client();
      await redis.hset("hash", { a: "x", b: "é" });
      expect(await redis.hgetall("hash")).toEqual({ a: "x", b: "é" });
      await redis.zadd("scores", { score: 1.5, member: "m" });
      expect(await redis.zrange("scores", 0, -1, { withScores: true })).toEqual(["m", 1.5]);
      const [cursor, keys] = await redis.scan(0, { match: "h*" });
      expect([cursor, keys]).toEqual(["0", ["hash"]]);
    });

    test("concurrent calls of @upstash/redis each get their answer", async () => {
      const redis = client();
      const counts = await Promise.all(Array.from({ length: 50 }, () => redis.incr("count")));
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    });

    test("an error of one call of @upstash/redis does not affect other calls", async () => {
      const redis = client();
      await redis.set("word", "x");
      const [failed, read] = await Promise.allSettled([redis.incr("word"), redis.incr("number")]);
      expect(failed).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringContaining("not an integer") as string },
      });
      expect(read).toEqual({ status: "fulfilled", value: 1 });
    });

    test("@upstash/redis runs pipelines, with errors in their places on request", async () => {
      const redis = client();
      const pipeline = redis.pipeline().set("a", "é").incr("a").get("a");
      expect(await pipeline.exec({ keepErrors: true })).toEqual([
        { result: "OK", error: undefined },
        { result: undefined, error: expect.stringContaining("not an integer") as string },
        { result: "é", error: undefined },
      ]);
      await expect(redis.pipeline().set("a", "x").incr("a").exec()).rejects.toThrow(
        "not an integer",
      );
    });

    test("@upstash/redis runs transactions, and a discarded one is an error and runs nothing", async () => {
      const redis = client();
      expect(await redis.multi().set("a", "é").get("a").exec()).toEqual(["OK", "é"]);
      // A stock Redis has no command JSON.SET, so the transaction is discarded while it is queued.
      await expect(redis.multi().set("b", "1").json.set("c", "$", {}).exec()).rejects.toThrow(
        "EXECABORT",
      );
      expect(await look("EXISTS", "b")).toBe(0);
    });

    test("@upstash/redis loads scripts and runs them by their SHA", async () => {
      const redis = client();
      const text = "#!lua flags=allow-key-locking,no-writes\nreturn ARGV[1]";
      const sha = await redis.scriptLoad(text);
      expect(await redis.scriptExists(sha, "0".repeat(40))).toEqual([1, 0]);
      expect(await redis.evalsha(sha, [], ["é"])).toBe("é");
      const writing =
        "#!lua flags=allow-key-locking,no-writes\nreturn redis.call('SET', KEYS[1], 1)";
      await expect(redis.eval(writing, ["k"], [])).rejects.toThrow(
        "not allowed from read-only scripts",
      );
      await expect(redis.evalsha("0".repeat(40), [], [])).rejects.toThrow("NOSCRIPT");
    });

    test("@upstash/redis gets an error for a command that the gateway rejects", async () => {
      await expect(client().flushall()).rejects.toThrow("the gateway refuses FLUSHALL");
      await expect(client().keys("*")).rejects.toThrow("use SCAN");
    });
  });

  test("@upstash/redis with a wrong token gets an error", async () => {
    const redis = new UpstashRedis({ url: gateway.url, token: "not-the-token-at-all" });
    await expect(redis.get("k")).rejects.toThrow("Unauthorized");
  });

  describe.each([
    ["fixedWindow", () => Ratelimit.fixedWindow(3, "60 s")],
    ["slidingWindow", () => Ratelimit.slidingWindow(3, "60 s")],
    ["tokenBucket", () => Ratelimit.tokenBucket(1, "60 s", 3)],
  ] as const)("@upstash/ratelimit's %s", (name, limiter) => {
    function ratelimit() {
      const redis = new UpstashRedis({ url: gateway.url, token });
      return new Ratelimit({ redis, limiter: limiter(), ephemeralCache: false, prefix: name });
    }

    test("@upstash/ratelimit allows three of five; its script is sent once and then run by its SHA", async () => {
      const limit = ratelimit();
      const admitted: boolean[] = [];
      for (let n = 0; n < 5; n += 1) admitted.push((await limit.limit("client")).success);
      expect(admitted).toEqual([true, true, true, false, false]);
      expect(timesSent("EVAL")).toBe(1);
      expect(timesSent("EVALSHA")).toBe(5);
      expect((await limit.getRemaining("client")).remaining).toBe(0);
    });

    test("@upstash/ratelimit allows three of twenty concurrent requests", async () => {
      const limit = ratelimit();
      const decisions = await Promise.all(Array.from({ length: 20 }, () => limit.limit("crowd")));
      expect(decisions.filter(({ success }) => success)).toHaveLength(3);
    });

    test("@upstash/ratelimit continues when Redis lost its scripts", async () => {
      const limit = ratelimit();
      expect((await limit.limit("client")).remaining).toBe(2);
      await look("SCRIPT", "FLUSH");
      expect((await limit.limit("client")).remaining).toBe(1);
    });
  });
});
