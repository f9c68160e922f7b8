import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { checkStore, storeWarning } from "#lib/check-store";
import { createScriptStore } from "#lib/redis/script-store";
import { startStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

async function storeThatAnswers(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(server, (it) => it.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}

const warningOf = (url: string, token = "a-token-of-the-tests", deadlineMs = 5_000) =>
  storeWarning({
    redis: createScriptStore({ url, token, deadlineMs }),
    name: "the store at store.example",
    mode: "enforce",
  });

describe("the check of a store", () => {
  test("the check has no warning for a Redis that runs scripts", async () => {
    const store = cleanUp(await startStore(), (it) => it.stop());
    expect(await checkStore(createScriptStore(store))).toBeUndefined();
    expect(await warningOf(store.url, store.token)).toBeUndefined();
  });

  test("the check reports that a gateway rejects the token, without repeating it", async () => {
    const store = cleanUp(await startStore(), (it) => it.stop());
    const warning = await warningOf(store.url, "another-token-of-the-tests");
    expect(warning).toMatch(
      /^the store at store\.example rejects the token \(STORE_UNAUTHORIZED\): /,
    );
    expect(warning).toContain("by default requests are allowed uncounted");
    expect(warning).not.toContain("another-token");
  });

  test("the check reports that a store is unreachable, or that its Redis is unavailable", async () => {
    expect(await warningOf("http://127.0.0.1:1")).toContain("cannot be reached");
    const store = cleanUp(await startStore(), (it) => it.stop());
    await store.redis.stop();
    expect(await warningOf(store.url, store.token)).toContain("its Redis does not serve");
  });

  test("the check ends within the deadline", async () => {
    const store = cleanUp(await startStore(), (it) => it.stop());
    store.redis.freeze();
    const began = performance.now();
    const warning = await warningOf(store.url, store.token, 200);
    expect(performance.now() - began).toBeLessThan(4_000);
    store.redis.thaw();
    expect(warning).toContain("did not answer in time (STORE_TIMEOUT)");
  });

  test.each([
    [
      400,
      '{"error":"NOPERM this user has no permissions for s3cret-name"}',
      "STORE_NOT_PERMITTED, NOPERM",
    ],
    [429, "s3cret-name", "used up its own quota"],
    [200, "<html>s3cret-name</html>", "does not answer as an Upstash REST API does"],
  ])(
    "the check reports the answer %i, %s, without the store's text",
    async (status, body, words) => {
      const warning = await warningOf(await storeThatAnswers(status, body));
      expect(warning).toContain(words);
      expect(warning).not.toContain("s3cret-name");
    },
  );
});
