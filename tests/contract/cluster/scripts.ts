import { Redis as UpstashRedis } from "@upstash/redis";
import { describe, expect, test } from "vitest";
import { defineScript } from "#lib/redis/script";
import { a, b, c, COUNT, COUNT_BOTH, ok, type Front } from "./front.ts";

/** Tests how scripts reach the masters of a cluster. */
export function testScripts(store: Front): void {
  const { send } = store;

  describe("a script", () => {
    test("a script is known to a master only once that master has run it", async () => {
      const client = new UpstashRedis(store);
      const pair = (key: string) => [key, `${key}:2`];
      const known = await defineScript(COUNT_BOTH).sha();
      await expect(client.evalsha(known, pair(a), [])).rejects.toThrow("NOSCRIPT");
      expect(await client.eval(COUNT_BOTH, pair(a), [])).toEqual([1, 1]);
      expect(await client.evalsha(known, pair(a), [])).toEqual([2, 2]);
      expect(await client.scriptExists(known)).toEqual([0]);
      await expect(client.evalsha(known, pair(b), [])).rejects.toThrow("NOSCRIPT");
      expect(await client.eval(COUNT_BOTH, pair(b), [])).toEqual([1, 1]);
      expect(await client.evalsha(known, pair(b), [])).toEqual([2, 2]);
    });

    test("a script is loaded on all masters, also with Upstash's flag", async () => {
      const client = new UpstashRedis(store);
      const sha = await client.scriptLoad(`#!lua flags=allow-key-locking\n${COUNT}`);
      expect(await client.scriptExists(sha, "0".repeat(40))).toEqual([1, 0]);
      expect(await Promise.all([a, b, c].map((key) => client.evalsha(sha, [key], [])))).toEqual([
        1, 1, 1,
      ]);
    });

    test("a script that one pipeline loads and runs is loaded when it runs", async () => {
      const [loaded] = (await send("/pipeline", [["SCRIPT", "LOAD", COUNT]])).body as [
        { result: string },
      ];
      await store.cluster.onMasters("SCRIPT", "FLUSH");
      const commands = [a, b, c].map((key) => ["EVALSHA", loaded.result, 1, key]);
      expect(await send("/pipeline", [["SCRIPT", "LOAD", COUNT], ...commands])).toEqual(
        ok([loaded, { result: 1 }, { result: 1 }, { result: 1 }]),
      );
    });
  });
}
