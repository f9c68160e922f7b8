import { describe, expect, test } from "vitest";
import { a, b, c, CROSSSLOT, COUNT, COUNT_BOTH, ok, rejected, incr, type Front } from "./front.ts";

/** Tests where commands, pipelines and transactions run on a cluster. */
export function testCommands(store: Front): void {
  const { send } = store;

  /** Returns a key of another slot on the same master. */
  async function neighbourOf(key: string): Promise<string> {
    const { id } = await store.cluster.masterOf(key);
    for (let n = 0; ; n += 1) {
      if ((await store.cluster.masterOf(`neighbour-${n}`)).id === id) return `neighbour-${n}`;
    }
  }

  describe("a command", () => {
    test("a command reaches the master of its key", async () => {
      for (const key of [a, b, c]) {
        expect(await send("/", ["set", key, "v"])).toEqual(ok({ result: "OK" }));
        expect(await (await store.cluster.masterOf(key)).direct.get(key)).toBe("v");
        expect(await send("/", ["GET", key])).toEqual(ok({ result: "v" }));
      }
    });

    test("a command with keys of several slots is rejected, also when one master serves them", async () => {
      expect(await send("/", ["MGET", a, b])).toEqual(rejected(CROSSSLOT));
      expect(await send("/", ["MSET", a, 1, await neighbourOf(a), 1])).toEqual(rejected(CROSSSLOT));
      expect(await send("/", ["EVAL", COUNT_BOTH, 2, a, c])).toEqual(rejected(CROSSSLOT));
      expect(await send("/", ["MGET", a, c.replace(/\{.*/, a)])).toEqual(
        ok({ result: [null, null] }),
      );
      expect(await send("/", ["DBSIZE"])).toEqual(ok({ result: 0 }));
    });

    test("a command that no node can run gets the error of a node", async () => {
      const tooFew = (name: string) =>
        rejected(`ERR wrong number of arguments for '${name}' command`);
      expect(await send("/", ["GET"])).toEqual(tooFew("get"));
      expect(await send("/", ["EVAL", COUNT])).toEqual(tooFew("eval"));
      expect(await send("/", ["EVAL", COUNT, "Infinity", a])).toEqual(
        rejected("ERR value is not an integer or out of range"),
      );
      expect(await send("/", ["EVAL", COUNT, 1_000_000_000, a])).toEqual(
        rejected("ERR Number of keys can't be greater than number of args"),
      );
      expect((await send("/", ["NO.SUCH", a])).body).toMatchObject({
        error: expect.stringContaining("unknown command 'NO.SUCH'") as string,
      });
    });

    test("a command without a key is answered by one master, or by all", async () => {
      expect(await send("/", ["PING"])).toEqual(ok({ result: "PONG" }));
      await send(
        "/pipeline",
        [a, b, c].map((key) => ["SET", key, "v"]),
      );
      expect(await send("/", ["DBSIZE"])).toEqual(ok({ result: 3 }));
      const scan = await send("/", ["SCAN", 0]);
      expect(scan.status).toBe(400);
      expect(scan.body).toMatchObject({
        error: expect.stringMatching(/refuses SCAN on a Redis Cluster/) as string,
      });
    });
  });

  describe("a pipeline", () => {
    test("a pipeline for several masters is answered in its order", async () => {
      const commands = Array.from({ length: 60 }, (_, n) => ["APPEND", [a, b, c][n % 3], n % 10]);
      const lengths = commands.map((_, n) => ({ result: Math.floor(n / 3) + 1 }));
      expect(await send("/pipeline", commands)).toEqual(ok(lengths));
      const texts = [a, b, c].map((_, at) =>
        commands.flatMap(([, , text], n) => (n % 3 === at ? [text] : [])).join(""),
      );
      expect(
        await send("/pipeline", [
          ["GET", a],
          ["GET", b],
          ["GET", c],
        ]),
      ).toEqual(ok(texts.map((result) => ({ result }))));
    });

    test("a pipeline has the error of a failed command in its place", async () => {
      await send("/", ["SET", b, "word"]);
      expect(
        await send("/pipeline", [
          ["INCR", a],
          ["INCR", b],
          ["MGET", a, c],
          ["SCAN", 0],
          ["INCR", c],
        ]),
      ).toEqual(
        ok([
          { result: 1 },
          { error: "ERR value is not an integer or out of range" },
          { error: CROSSSLOT },
          { error: expect.stringContaining("refuses SCAN") as string },
          { result: 1 },
        ]),
      );
    });
  });

  describe("a transaction", () => {
    test("a transaction runs in one slot, without commands of other callers between its own", async () => {
      const other = a.replace("k:", "other:");
      const block = [
        ["INCR", a],
        ["INCR", other],
        ["GET", a],
      ];
      const all = await Promise.all(Array.from({ length: 20 }, () => send("/multi-exec", block)));
      const counts = all.map(({ body }) => (body as { result: unknown }[]).map((it) => it.result));
      for (const [first, second, read] of counts) {
        expect(second).toBe(first);
        expect(read).toBe(String(first));
      }
      expect(await send("/", ["GET", a])).toEqual(ok({ result: "20" }));
    });

    test("a transaction across slots is rejected and runs nothing", async () => {
      for (const other of [b, await neighbourOf(a)]) {
        expect(await send("/multi-exec", incr(a, other))).toEqual(rejected(CROSSSLOT));
      }
      expect(
        await send("/multi-exec", [
          ["INCR", a],
          ["MGET", a, b],
        ]),
      ).toEqual(rejected("EXECABORT Transaction discarded because of previous errors."));
      const everywhere = await send("/multi-exec", [["INCR", a], ["DBSIZE"]]);
      expect(everywhere.status).toBe(400);
      expect(await send("/", ["DBSIZE"])).toEqual(ok({ result: 0 }));
    });

    test("a transaction without a key runs on one master", async () => {
      expect(await send("/multi-exec", [["PING"], ["ECHO", "é"]])).toEqual(
        ok([{ result: "PONG" }, { result: "é" }]),
      );
    });
  });
}
