import { describe, expect, test } from "vitest";
import type { BreakerChange } from "#lib/redis/breaker";
import { type Redis, redisOver } from "#lib/redis/client";
import { batchCalls } from "#lib/redis/batching";
import { createRequester } from "#lib/redis/requester";
import { defineScript, runScript } from "#lib/redis/script";
import { startScriptedStore } from "../../support/scripted-store.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

const NOPERM = "NOPERM this user has no permissions to run the command";
const QUOTA = "ERR max requests limit exceeded. Limit: 500000, Usage: 500000.";
const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

const script = defineScript("return 1");
const runs = (redis: Redis) => runScript(redis, script, ["k"], []);

/** A store that replies to each command by its name: with the text of an error, or with a result for undefined. */
async function storeThat(rejects: (command: string) => string | undefined, batches = false) {
  const answerTo = ([name]: readonly string[]) => {
    const error = rejects(name?.toUpperCase() ?? "");
    return error === undefined ? { result: 1 } : { error };
  };
  const store = cleanUp(
    await startScriptedStore((body, path) => {
      if (path === "/pipeline") return { body: JSON.stringify((body as string[][]).map(answerTo)) };
      const answer = answerTo(body as string[]);
      return { status: "error" in answer ? 400 : 200, body: JSON.stringify(answer) };
    }),
    (it) => it.stop(),
  );
  const changes: BreakerChange[] = [];
  const { url, token, calls } = store;
  const onBreakerChange = (change: BreakerChange) => changes.push(change);
  const requester = createRequester({ url, token, deadlineMs: 10_000, onBreakerChange });
  return { redis: redisOver(batches ? batchCalls(requester) : requester), changes, calls };
}

const ended = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: { readonly code?: string }) => error.code,
  );

async function endsOf(
  times: number,
  call: () => Promise<unknown>,
): Promise<(string | undefined)[]> {
  const ends: (string | undefined)[] = [];
  for (let i = 0; i < times; i += 1) ends.push(await ended(call()));
  return ends;
}

const send: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
  GET: (redis) => redis.get("k"),
  SET: (redis) => redis.set("k", "v"),
  PUBLISH: (redis) => redis.publish("channel", "message"),
  HINCRBY: (redis) => redis.hincrby("metric", "field", 1),
};

describe("a rejected command that is no script", () => {
  test.each(Object.entries(send))(
    "scripts are sent as usual after %s alone was rejected",
    async (name, ask) => {
      const { redis, changes } = await storeThat((it) => (it === name ? NOPERM : undefined));
      const ends = await endsOf(20, () => ask(redis));
      expect(new Set(ends)).toEqual(new Set(["STORE_NOT_PERMITTED"]));
      expect(changes).toEqual([]);
      expect(await ended(runs(redis))).toBe("done");
    },
  );

  test.each([NOPERM, OOM])(
    "the breaker stays closed after a command in a pipeline was rejected (%s)",
    async (reply) => {
      const { redis, changes, calls } = await storeThat((it) =>
        it === "PUBLISH" ? reply : undefined,
      );
      const alone = () => redis.pipeline().publish("channel", "message").exec();
      const beside = () => redis.pipeline().publish("channel", "message").get("k").exec();
      await endsOf(20, alone);
      await endsOf(20, beside);
      expect(changes).toEqual([]);
      expect(calls).toHaveLength(40);
    },
  );

  test("the breaker stays closed when a batch has a rejected command and a script that runs", async () => {
    const { redis, changes } = await storeThat(
      (it) => (it === "PUBLISH" ? QUOTA : undefined),
      true,
    );
    for (let round = 0; round < 10; round += 1) {
      const all = [runs(redis), redis.publish("channel", "message"), runs(redis)];
      expect(await Promise.all(all.map(ended))).toEqual(["done", "STORE_OVER_QUOTA", "done"]);
    }
    expect(changes).toEqual([]);
  });

  test("the breaker opens when commands fail because a quota is used up", async () => {
    let isUsedUp = true;
    const { redis, changes, calls } = await storeThat(() => (isUsedUp ? QUOTA : undefined));
    const ends = await endsOf(50, () => redis.get("k"));
    expect(ends.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "STORE_OVER_QUOTA"));
    expect(calls.length).toBeLessThanOrEqual(7);
    isUsedUp = false;
    await expect.poll(() => ended(redis.get("k"))).toBe("done");
    expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
  });
});

describe.each([OOM, QUOTA, NOPERM, "CLUSTERDOWN The cluster is down"])(
  "a store that rejects scripts and serves other commands (%s)",
  (reply) => {
    test("no script is sent after five rejected ones, although other commands succeed between them", async () => {
      const { redis, changes, calls } = await storeThat((it) =>
        it.startsWith("EVAL") ? reply : undefined,
      );
      const startedAt = performance.now();
      for (let i = 0; i < 50; i += 1) {
        await ended(runs(redis));
        expect(await ended(redis.get("k"))).toBe("done");
      }
      // Probes follow after 100 ms, which double.
      const probes = Math.ceil(Math.log2(1 + (performance.now() - startedAt) / 100));
      expect(changes.map(({ state }) => state)).toEqual(["open"]);
      const scripts = calls.filter((call) => String((call as unknown[])[0]).startsWith("eval"));
      expect(scripts.length).toBeLessThanOrEqual(5 + probes);
    });

    test("the breaker is not closed by another command, but by a script", async () => {
      let isRejecting = true;
      const { redis, changes } = await storeThat((it) =>
        isRejecting && it.startsWith("EVAL") ? reply : undefined,
      );
      const [code] = await endsOf(5, () => runs(redis));
      expect(await ended(runs(redis))).toBe("STORE_NOT_TRIED");
      // Waits until a script is sent as a probe and rejected again.
      await expect
        .poll(async () => {
          expect(await ended(redis.get("k"))).toBe("done");
          return ended(runs(redis));
        })
        .toBe(code);
      expect(await ended(redis.get("k"))).toBe("done");
      expect(changes).toHaveLength(1);
      isRejecting = false;
      await expect.poll(() => ended(runs(redis))).toBe("done");
      expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
    });
  },
);

test("batched commands that are no script are sent while scripts are not", async () => {
  const { redis, changes } = await storeThat(
    (it) => (it.startsWith("EVAL") ? OOM : undefined),
    true,
  );
  await endsOf(5, () => runs(redis));
  expect(changes).toHaveLength(1);
  const slow = redis.get("k");
  const [script, read] = await Promise.all([runs(redis), redis.get("k")].map(ended));
  expect([await ended(slow), script, read]).toEqual(["done", "STORE_NOT_TRIED", "done"]);
});

test("a pipeline with one script that runs keeps the breaker closed", async () => {
  let sent = 0;
  const { redis, changes } = await storeThat((it) => {
    if (!it.startsWith("EVAL")) return undefined;
    sent += 1;
    return sent % 2 === 0 ? OOM : undefined;
  });
  const both = () => redis.pipeline().eval("return 1", ["a"], []).eval("return 1", ["b"], []);
  await endsOf(20, () => both().exec());
  expect(sent).toBe(40);
  expect(changes).toEqual([]);
});

test("the breaker opens when scripts are rejected by their text after NOSCRIPT", async () => {
  const { redis, changes, calls } = await storeThat((it) => {
    if (it === "EVALSHA") return "NOSCRIPT No matching script. Please use EVAL.";
    return it === "EVAL" ? NOPERM : undefined;
  });
  const ends = await endsOf(50, () => runs(redis));
  expect(ends.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "STORE_NOT_PERMITTED"));
  expect(changes.map(({ state }) => state)).toEqual(["open"]);
  // Each run of the script makes two calls.
  expect(calls.length).toBeLessThanOrEqual(14);
});
