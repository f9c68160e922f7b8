import type { RequestListener, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { defineScript, runScriptWithRetry, runScript, runScripts } from "#lib/redis/script";
import { failureOf, storesThat } from "../../support/store-that.ts";

const storeThat = storesThat();
/** Starts a store with a deadline that ends no call of a loaded machine. */
const patient = (listener: RequestListener) => storeThat(listener, undefined, 10_000);

describe("a script", () => {
  const script = defineScript("return 1");

  test("a script is sent by its SHA-1, and once by its text when Redis does not know it", async () => {
    const { redis, calls } = await patient((_, response) => {
      const known = calls.length > 1;
      response
        .writeHead(known ? 200 : 400)
        .end(known ? '{"result":1}' : '{"error":"NOSCRIPT No matching script. Please use EVAL."}');
    });
    expect(await runScript(redis, script, ["k"], [5])).toBe(1);
    expect(calls.map((call) => (JSON.parse(call) as unknown[]).slice(0, 2))).toEqual([
      ["evalsha", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"],
      ["eval", "return 1"],
    ]);
  });

  test("a script that is sent twice has one deadline", async () => {
    // Each call alone is in time.
    const [deadlineMs, answerMs] = [1_500, 900];
    const answerLate: RequestListener = (_, response) => {
      const isFirst = calls.length === 1;
      const answer = isFirst ? '{"error":"NOSCRIPT No matching script."}' : '{"result":1}';
      setTimeout(() => response.writeHead(isFirst ? 400 : 200).end(answer), answerMs);
    };
    const { redis, calls } = await storeThat(answerLate, undefined, deadlineMs);
    expect((await failureOf(runScript(redis, script, ["k"], []))).code).toBe("STORE_TIMEOUT");
    expect(calls).toHaveLength(2);
  });

  test("a script is not sent again after another error", async () => {
    const { redis, calls } = await storeThat((_, response) =>
      response.writeHead(400).end('{"error":"ERR Error running script"}'),
    );
    expect((await failureOf(runScript(redis, script, ["k"], []))).code).toBe("STORE_REJECTED");
    expect(calls).toHaveLength(1);
  });
});

describe("runScriptWithRetry", () => {
  const script = defineScript("return 1");
  const okay = (response: ServerResponse) => response.writeHead(200).end('{"result":1}');
  const lost: readonly (readonly [string, (response: ServerResponse) => void])[] = [
    ["missing", (response) => response.destroy()],
    ["incomplete", (response) => response.writeHead(200).write("{", () => response.destroy())],
    ["502", (response) => response.writeHead(502).end("<html>")],
    ["no JSON", (response) => response.writeHead(200).end('{"resu')],
  ];

  test.each(lost)(
    "runScriptWithRetry retries at most twice when the answer is %s",
    async (_, lose) => {
      const twice = await patient((_request, response) =>
        twice.calls.length <= 2 ? lose(response) : okay(response),
      );
      expect(await runScriptWithRetry(twice.redis, script, ["k"], [])).toBe(1);
      expect(twice.calls).toHaveLength(3);
      const always = await patient((_request, response) => lose(response));
      await failureOf(runScriptWithRetry(always.redis, script, ["k"], []));
      expect(always.calls).toHaveLength(3);
    },
  );

  test.each([
    [401, "STORE_UNAUTHORIZED"],
    [429, "STORE_OVER_QUOTA"],
    [400, "STORE_REJECTED"],
  ])("runScriptWithRetry does not retry after an answer of %i", async (status, code) => {
    const { redis, calls } = await storeThat((_, response) =>
      response.writeHead(status).end('{"error":"ERR no"}'),
    );
    expect((await failureOf(runScriptWithRetry(redis, script, ["k"], []))).code).toBe(code);
    expect(calls).toHaveLength(1);
  });

  test("all calls of runScriptWithRetry share one deadline", async () => {
    const { redis, calls } = await storeThat((_, response) =>
      setTimeout(() => response.writeHead(502).end(), 360),
    );
    expect((await failureOf(runScriptWithRetry(redis, script, ["k"], []))).code).toBe(
      "STORE_TIMEOUT",
    );
    expect(calls).toHaveLength(2);
  });
});

describe("scripts in one pipeline", () => {
  const script = defineScript("return 1");
  const calls = ["a", "b", "c"].map((key) => ({ keys: [key], args: [] }));
  const NOSCRIPT = { error: "NOSCRIPT No matching script. Please use EVAL." };

  test("runScripts returns answers in order, and sends unknown scripts again by their text", async () => {
    const store = await storeThat((_, response) => {
      const first = [{ result: 1 }, NOSCRIPT, { error: "CLUSTERDOWN Hash slot not served" }];
      response.end(JSON.stringify(store.calls.length === 1 ? first : [{ result: 2 }]));
    });
    const [one, two, three] = await runScripts(store.redis, script, calls);
    expect([one, two]).toEqual([1, 2]);
    expect(three).toMatchObject({ code: "STORE_UNREACHABLE", reply: "CLUSTERDOWN" });
    expect(store.calls).toHaveLength(2);
    expect(JSON.parse(store.calls[1] ?? "")).toEqual([["eval", "return 1", 1, "b"]]);
  });

  test("runScripts keeps the answers of scripts that ran when the second call fails", async () => {
    const store = await storeThat((_, response) => {
      if (store.calls.length === 1)
        response.end(JSON.stringify([{ result: 1 }, NOSCRIPT, NOSCRIPT]));
      else response.writeHead(503).end('{"error":"ERR unavailable"}');
    });
    const [one, two, three] = await runScripts(store.redis, script, calls);
    expect(one).toBe(1);
    expect(two).toMatchObject({ code: "STORE_UNREACHABLE" });
    expect(three).toMatchObject({ code: "STORE_UNREACHABLE" });
  });
});
