import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GATHER_MS, batchCalls } from "#lib/redis/batching";
import type { UpstashRequest } from "#lib/redis/upstash-protocol";
import { StoreError } from "#lib/redis/errors";

interface SentCall {
  readonly request: UpstashRequest;
  readonly respond: (answer: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** A store whose answers the test triggers, with the requests that it received. */
function slowStore() {
  const sentCalls: SentCall[] = [];
  const joined = batchCalls({
    request: (request: UpstashRequest) =>
      new Promise<never>((resolve, reject) => {
        sentCalls.push({ request, respond: (answer) => resolve(answer as never), fail: reject });
      }),
  });
  const call = async (...body: (string | number)[]) => (await joined.request({ body })).result;
  return { sentCalls, call, joined };
}

const flush = () => new Promise((resolve) => setImmediate(resolve));

describe("concurrent calls", () => {
  test("calls that wait are sent as one batch after the first, in their order, each with its answer", async () => {
    const { sentCalls, call } = slowStore();
    const [first, second, third] = [call("GET", "a"), call("GET", "b"), call("GET", "c")];
    await flush();
    expect(sentCalls.map(({ request }) => request)).toEqual([{ body: ["GET", "a"] }]);
    sentCalls[0]?.respond({ result: 1 });
    expect(await first).toBe(1);
    expect(sentCalls[1]?.request).toEqual({
      path: ["pipeline"],
      body: [
        ["GET", "b"],
        ["GET", "c"],
      ],
    });
    sentCalls[1]?.respond([{ result: 2 }, { result: 3 }]);
    expect(await Promise.all([second, third])).toEqual([2, 3]);
  });

  test("a single waiting call and a pipeline are sent without a batch", async () => {
    const { sentCalls, call, joined } = slowStore();
    const first = call("GET", "a");
    const pipeline = joined.request({ path: ["pipeline"], body: [["GET", "b"]] });
    const last = call("GET", "c");
    expect(sentCalls.map(({ request }) => request.path)).toEqual([undefined, ["pipeline"]]);
    sentCalls[0]?.respond({ result: 1 });
    await first;
    await flush();
    expect(sentCalls[2]?.request).toEqual({ body: ["GET", "c"] });
    sentCalls[1]?.respond([{ result: 2 }]);
    sentCalls[2]?.respond({ result: 3 });
    expect([await pipeline, await last]).toEqual([[{ result: 2 }], 3]);
  });

  test("calls wait for a slow call no longer than GATHER_MS", async () => {
    const { sentCalls, call } = slowStore();
    const slow = call("GET", "a");
    const began = performance.now();
    const next = call("GET", "b");
    await expect.poll(() => sentCalls.length, { interval: 1 }).toBe(2);
    expect(performance.now() - began).toBeGreaterThan(GATHER_MS - 2);
    sentCalls[1]?.respond({ result: 2 });
    expect(await next).toBe(2);
    sentCalls[0]?.respond({ result: 1 });
    expect(await slow).toBe(1);
  });

  test("each call of a batch gets its own error, with the command's name and without its keys", async () => {
    const { sentCalls, call } = slowStore();
    const first = call("GET", "a");
    const others = [call("EVALSHA", "sha", 0), call("HGET", "a-secret"), call("GET", "c")];
    const ends = Promise.allSettled(others);
    sentCalls[0]?.respond({ result: 1 });
    await first;
    await flush();
    sentCalls[1]?.respond([
      { error: "NOSCRIPT No matching script." },
      { error: "WRONGTYPE a-secret" },
    ]);
    expect(await ends).toMatchObject([
      { reason: { code: "STORE_REJECTED", reply: "NOSCRIPT" } },
      { reason: { message: "HGET: Redis answered WRONGTYPE." } },
      { reason: { code: "STORE_BAD_ANSWER" } },
    ]);
  });

  test("all calls of a failed batch fail, and later calls are sent", async () => {
    const { sentCalls, call } = slowStore();
    const first = call("GET", "a");
    const ends = Promise.allSettled([call("GET", "b"), call("GET", "c")]);
    sentCalls[0]?.fail(new StoreError("STORE_TIMEOUT", "GET: no answer."));
    await expect(first).rejects.toMatchObject({ code: "STORE_TIMEOUT" });
    await flush();
    sentCalls[1]?.fail(new TypeError("fetch failed"));
    expect(await ends).toMatchObject([
      { reason: { code: "STORE_BAD_ANSWER" } },
      { reason: { code: "STORE_BAD_ANSWER" } },
    ]);
    const next = call("GET", "d");
    await flush();
    sentCalls[2]?.respond({ result: 4 });
    expect(await next).toBe(4);
  });

  test("a batch has at most a hundred calls and 256 kB", async () => {
    const { sentCalls, call } = slowStore();
    const first = call("PING");
    const many = Array.from({ length: 250 }, (_, i) => call("GET", i));
    const large = Array.from({ length: 3 }, () => call("SET", "k", "x".repeat(150_000)));
    const all = Promise.all([...many, ...large]);
    sentCalls[0]?.respond({ result: "PONG" });
    await first;
    await flush();
    const sizes = sentCalls
      .slice(1)
      .map(({ request: { path, body } }) => (path ? (body as unknown[]).length : 1));
    expect(sizes).toEqual([100, 100, 51, 1, 1]);
    for (const { request, respond } of sentCalls.slice(1)) {
      const bodies = request.path ? (request.body as unknown[][]) : [request.body as unknown[]];
      const answers = bodies.map(([, key]) => ({ result: key }));
      respond(request.path ? answers : answers[0]);
    }
    expect(await all).toEqual([...Array.from({ length: 250 }, (_, i) => i), "k", "k", "k"]);
  });

  test("a call fails when ten thousand calls wait already", async () => {
    const { call } = slowStore();
    void call("PING");
    const waiting = Array.from({ length: 10_000 }, () => call("GET", "a"));
    await expect(call("GET", "a")).rejects.toMatchObject({ code: "STORE_NOT_TRIED" });
    expect(waiting).toHaveLength(10_000);
  });
});

test("each call gets its own answer once, in any order of the store's answers", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }),
      async (scheduler, bursts) => {
        let sent = 0;
        const joined = batchCalls({
          async request({ path, body }: UpstashRequest): Promise<never> {
            const commands = (path ? body : [body]) as [string, number][];
            sent += commands.length;
            await scheduler.schedule(Promise.resolve());
            const answers = commands.map(([, n]) =>
              n % 5 === 0 ? { error: `ERR ${n}` } : { result: n },
            );
            const [only] = answers;
            if (path) return answers as never;
            if (only?.error !== undefined) throw new StoreError("STORE_REJECTED", only.error);
            return only as never;
          },
        });
        let next = 0;
        const calls: Promise<unknown>[] = [];
        for (const burst of bursts) {
          for (let i = 0; i <= burst; i += 1) {
            const n = (next += 1);
            const call = joined.request<number>({ body: ["GET", n] });
            calls.push(
              call.then(
                ({ result }) => [n, result],
                (error: StoreError) => [n, error.code],
              ),
            );
          }
          if (scheduler.count() > 0) await scheduler.waitOne();
        }
        await scheduler.waitFor(Promise.all(calls));
        const ends = await Promise.all(calls);
        expect(ends).toEqual(
          Array.from({ length: next }, (_, i) => [
            i + 1,
            (i + 1) % 5 === 0 ? "STORE_REJECTED" : i + 1,
          ]),
        );
        expect(sent).toBe(next);
      },
    ),
    { numRuns: 200 },
  );
});
