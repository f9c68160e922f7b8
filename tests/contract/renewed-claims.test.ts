import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, type ExpectStatic, test } from "vitest";
import type { IdempotencyOptions } from "#lib/idempotency/idempotent";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";
import { failureIn, makeTools } from "../support/tools.ts";

/** In seconds: of work that is to lose its claim. */
const LEASE = 0.3;
/** In seconds: of work that must not lose its claim when a busy machine holds the process up for three seconds. */
const STEADY = 5;
/** A claim of another caller, in seconds: longer than a third of the lease, after which it would be renewed. */
const THEIRS = STEADY / 2;
const WINDOW = 300;
const UNAVAILABLE = () => Promise.reject(new TypeError("fetch failed"));

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

// All tests wait for time to pass. They run concurrently, each in a separate namespace.
describe.concurrent.each(STORES_AND_CLUSTER)(
  "a claim whose work takes longer than its lease, on $name",
  (kind) => {
    let store: ServedStore;
    beforeAll(async () => {
      store = await serve(kind);
    });
    afterAll(() => store?.stop());

    /** Two instances; of the first one's calls those fail for which `isUnavailable` is true. */
    async function pair() {
      const network = { isUnavailable: false, calls: 0 };
      const one = makeTools(store, (...call) => {
        network.calls += 1;
        return network.isUnavailable ? UNAVAILABLE() : fetch(...call);
      });
      const healthy = makeTools(store, fetch, one.namespace);
      const nameOf = (key: string) => one.keys.event(one.keyedHash("event", key));
      /** The store is back, and the breaker has noticed it. */
      const recover = async ({ poll }: ExpectStatic) => {
        network.isUnavailable = false;
        const terms = { owner: "nobody", payload: "", lease: 1, window: 1, maxAge: 0 };
        const probe = () => one.dedup.extend({ name: nameOf("probe"), ...terms }).catch(String);
        await poll(probe).toBe(false);
      };
      const { dedup: other, redis } = healthy;
      // No lease runs while both connect and send their script, when all tests begin.
      await Promise.all([one.dedup, other].map((dedup) => dedup.claim("warm", { window: 1 })));
      network.calls = 0;
      return { network, recover, nameOf, one, healthy, other, redis };
    }

    /** Asks again and again until `seconds` are over; returns what was answered, each answer once. */
    async function during<T>(seconds: number, ask: () => Promise<T>): Promise<T[]> {
      const seen = new Set<T>();
      const until = performance.now() + seconds * 1000;
      do {
        await pause(100);
        seen.add(await ask());
      } while (performance.now() <= until);
      return [...seen];
    }

    describe("once", () => {
      type Tools = Awaited<ReturnType<typeof pair>>;
      const stateFor =
        ({ other }: Pick<Tools, "other">) =>
        async () => {
          const { ran, ...outcome } = await other.once("job", { window: WINDOW }, async () => 2);
          return ran ? "ran" : "reason" in outcome && outcome.reason;
        };

      test("work that takes twice its lease runs once on two instances", async ({ expect }) => {
        const { one, other } = await pair();
        const options = { lease: STEADY, window: WINDOW, keepResult: true };
        const done = await one.dedup.once("job", options, () =>
          during(2 * STEADY, stateFor({ other })),
        );
        expect(done).toEqual({
          ran: true,
          value: ["in-progress"],
          isCertain: true,
          isCommitted: true,
        });
        expect(await stateFor({ other })()).toBe("duplicate");
        expect(one.failures).toEqual([]);
      });

      test("a claim is renewed no longer than maxHold, and an event reports that", async ({
        expect,
      }) => {
        const { one, other } = await pair();
        const began = performance.now();
        const options = { lease: STEADY, maxHold: 2 * STEADY, window: WINDOW };
        const done = await one.dedup.once("job", options, async () => {
          await expect.poll(stateFor({ other }), { interval: 20 }).toBe("ran");
          return performance.now() - began;
        });
        expect(done).toMatchObject({ ran: true, isCommitted: false });
        expect(done.ran && done.value).toBeGreaterThanOrEqual(2 * STEADY * 1000);
        expect(one.failures).toEqual(["dedup-lost"]);
      });

      test("a claim that another caller has taken over is reported in an event, and the work continues", async ({
        expect,
      }) => {
        const { one, other, nameOf, redis } = await pair();
        const theirs = { lease: 30, window: WINDOW };
        const done = await one.dedup.once("job", { lease: LEASE, window: WINDOW }, async () => {
          await redis.del(nameOf("job"));
          await other.claim("job", theirs);
          await expect.poll(() => one.failures).toEqual(["dedup-lost"]);
          return "done";
        });
        expect(done).toEqual({ ran: true, value: "done", isCertain: true, isCommitted: false });
        expect(await store.pttl(nameOf("job"))).toBeGreaterThan(10_000);
      });

      test("a store that is unavailable for longer than the lease is reported once, and the work continues", async ({
        expect,
      }) => {
        const { one, network, recover } = await pair();
        const done = await one.dedup.once("job", { lease: LEASE, window: WINDOW }, async () => {
          network.isUnavailable = true;
          await expect.poll(() => one.failures).toEqual(["dedup-lost"]);
          await recover(expect);
          return "done";
        });
        // No other caller has claimed it meanwhile.
        expect(done).toMatchObject({ ran: true, value: "done", isCommitted: true });
        expect(one.failures.filter((what) => what === "dedup-lost")).toHaveLength(1);
      });

      test("a claim survives a store that is unavailable for a part of the lease", async ({
        expect,
      }) => {
        const { one, other, network, nameOf } = await pair();
        const done = await one.dedup.once("job", { lease: STEADY, window: WINDOW }, async () => {
          network.isUnavailable = true;
          const before = network.calls;
          await expect.poll(() => network.calls, { interval: 20 }).toBeGreaterThan(before);
          network.isUnavailable = false;
          const left = () => store.pttl(nameOf("job"));
          await expect.poll(left, { interval: 20 }).toBeGreaterThan((STEADY - 0.4) * 1000);
          return stateFor({ other })();
        });
        expect(done).toMatchObject({ value: "in-progress", isCommitted: true });
        expect(one.failures).toEqual([]);
      });

      test.for<[string, () => Promise<string>]>([
        ["returns", async () => "done"],
        ["throws", () => Promise.reject(new Error("It failed."))],
      ])(
        "a claim is renewed while its work runs, and no more when its work %s",
        async ([, end], { expect }) => {
          const { one, other, network, nameOf } = await pair();
          const options = { lease: STEADY, window: 0.2 };
          const work = async () => {
            const before = network.calls;
            await expect.poll(() => network.calls).toBeGreaterThan(before);
            return end();
          };
          await one.dedup.once("job", options, work).catch(() => {});
          const { calls } = network;
          await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
          await other.claim("job", { lease: THEIRS, window: WINDOW });
          await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
          expect([network.calls, one.failures]).toEqual([calls, []]);
        },
      );

      test("a claim can be extended only by its owner, and not when its lease has ended", async ({
        expect,
      }) => {
        const { one, other, nameOf } = await pair();
        const claim = await one.dedup.claim("job", { lease: STEADY, window: WINDOW });
        if (claim.state !== "first") throw new Error("It was claimed before.");
        expect(await other.extend(claim.token, "20 seconds")).toBe(true);
        expect(await store.pttl(nameOf("job"))).toBeGreaterThan(10_000);
        expect(await other.extend({ ...claim.token, owner: "another" }, 60)).toBe(false);
        expect(await store.pttl(nameOf("job"))).toBeLessThanOrEqual(20_000);
        expect(await one.dedup.extend(claim.token)).toBe(true);
        expect(await store.pttl(nameOf("job"))).toBeLessThanOrEqual(STEADY * 1000);
        await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
        expect(await one.dedup.extend(claim.token)).toBe(false);
        expect(await one.dedup.commit(claim.token)).toBe(true);
        expect(await one.dedup.extend(claim.token)).toBe(true);
        expect(await store.pttl(nameOf("job"))).toBeGreaterThan(100_000);
        const refused = { code: "DEDUP_BAD_ARGUMENT" };
        await expect(one.dedup.extend({ ...claim.token, lease: 0 })).rejects.toMatchObject(refused);
        await expect(one.dedup.extend(claim.token, "soon")).rejects.toMatchObject(refused);
      });

      test("an invalid maxHold throws before the claim", async ({ expect }) => {
        const { one, network } = await pair();
        const options = { maxHold: "soon", window: WINDOW };
        await expect(one.dedup.once("job", options, async () => 1)).rejects.toMatchObject({
          code: "DEDUP_BAD_ARGUMENT",
          message: expect.stringContaining("maxHold"),
        });
        expect(network.calls).toBe(0);
      });
    });

    describe("an idempotent handler", () => {
      type Options = Omit<IdempotencyOptions<Request>, "caller">;

      /** One handler on two instances, and what its second instance answers to the same request. */
      async function route(handler: () => Response | Promise<Response>, options: Options = {}) {
        const { one, healthy, network, recover } = await pair();
        const [here, there] = [one, healthy].map(({ idempotent }) =>
          idempotent(handler, { caller: () => "ada", lease: STEADY, ...options }),
        );
        const failures = () =>
          [...one.events, ...healthy.events]
            .filter((event) => failureIn(event) !== undefined)
            .map((event) => [failureIn(event), "error" in event && event.error]);
        if (!here || !there) throw new Error("There are two.");
        return {
          network,
          recover,
          failures,
          here: () => here(order()),
          there: () => there(order()),
        };
      }

      /** What an answer is, in one word or a body. */
      async function told(answer: Promise<Response>): Promise<string> {
        const { status, headers, body } = await answer;
        if (status === 409) return headers.has("retry-after") ? "in progress" : "done";
        return headers.has("idempotency-replayed") ? `again: ${await text(body)}` : text(body);
      }

      test("a handler that takes twice its lease runs once on two instances", async ({
        expect,
      }) => {
        let runs = 0;
        const { here, there, failures } = await route(async () => {
          runs += 1;
          return new Response(JSON.stringify(await during(2 * STEADY, () => told(there()))));
        });
        expect(await told(here())).toBe('["in progress"]');
        expect(await told(there())).toBe('again: ["in progress"]');
        expect([runs, failures()]).toEqual([1, []]);
      });

      test("a handler runs once although its streamed response takes twice its lease", async ({
        expect,
      }) => {
        const answers = streams();
        const { here, there, failures } = await route(answers.next);
        const first = told(here());
        const stream = await answers.first;
        stream.enqueue(bytes("a"));
        expect(await during(2 * STEADY, () => told(there()))).toEqual(["in progress"]);
        stream.enqueue(bytes("b"));
        stream.close();
        expect(await first).toBe("ab");
        expect(await told(there())).toBe("again: ab");
        expect([answers.count(), failures()]).toEqual([1, []]);
      });

      test("a handler runs once although a stream that is too large to store takes twice its lease", async ({
        expect,
      }) => {
        const answers = streams();
        const { here, there, failures } = await route(answers.next, { maxAnswerBytes: 4 });
        const answer = here();
        const stream = await answers.first;
        stream.enqueue(bytes("abcde"));
        // It is passed on while it is made.
        const reader = bodyOf(await answer).getReader();
        expect(await reader.read()).toEqual({ done: false, value: bytes("abcde") });
        expect(await during(2 * STEADY, () => told(there()))).toEqual(["in progress"]);
        stream.close();
        expect(await reader.read()).toEqual({ done: true, value: undefined });
        expect(await told(there())).toBe("done");
        expect([answers.count(), failures()]).toEqual([1, []]);
      });

      test.for<[string, (it: Streamed) => Promise<unknown>]>([
        ["is cancelled by its reader", ({ reader }) => reader.cancel("the client left")],
        [
          "breaks off",
          async ({ stream, reader, expect }) => {
            stream.error(new Error("It broke off."));
            await expect(reader.read()).rejects.toThrow("It broke off.");
          },
        ],
        [
          "is cancelled while it is waited for",
          async ({ reader, expect }) => {
            const reading = reader.read();
            await reader.cancel("the client left");
            expect(await reading).toEqual({ done: true, value: undefined });
          },
        ],
      ])(
        "is done, and renews nothing more, when a large stream %s",
        async ([, end], { expect }) => {
          const answers = streams();
          const { here, there, network, failures } = await route(answers.next, {
            maxAnswerBytes: 4,
          });
          const answer = here();
          const stream = await answers.first;
          stream.enqueue(bytes("abcde"));
          const reader = bodyOf(await answer).getReader();
          await reader.read();
          expect(await told(there())).toBe("in progress");
          await end({ stream, reader, expect });
          const { calls } = network;
          expect(await during(STEADY, () => told(there()))).toEqual(["done"]);
          expect([answers.count(), network.calls, failures()]).toEqual([1, calls, []]);
        },
      );

      test("a response that is too large to store is sent unchanged, and its request is held until it is read", async ({
        expect,
      }) => {
        const { here, there } = await route(
          () => {
            const headers = new Headers({ "x-more": "1" });
            headers.append("set-cookie", "a=1");
            headers.append("set-cookie", "b=2");
            return new Response("abcde", { status: 201, statusText: "Made", headers });
          },
          { maxAnswerBytes: 4 },
        );
        const answer = await here();
        expect([answer.status, answer.statusText, answer.headers.get("x-more")]).toEqual([
          201,
          "Made",
          "1",
        ]);
        expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
        expect(await told(there())).toBe("in progress");
        expect(await answer.text()).toBe("abcde");
        expect(await told(there())).toBe("done");
      });

      test("a handler that hangs is run again after maxHold, and an event reports that", async ({
        expect,
      }) => {
        const answers: (Promise<Response> | Response)[] = [new Promise<Response>(() => {})];
        const { here, there, failures } = await route(() => answers.pop() ?? new Response("done"), {
          lease: STEADY,
          maxHold: 2 * STEADY,
        });
        const began = performance.now();
        void here();
        await expect.poll(() => answers).toEqual([]);
        await expect.poll(() => told(there()), { interval: 20 }).toBe("done");
        expect(performance.now() - began).toBeGreaterThan(1.5 * STEADY * 1000);
        expect(failures()).toEqual([
          [
            "dedup-lost",
            expect.objectContaining({
              code: "DEDUP_CLAIM_LOST",
              message: expect.stringContaining("maxHold"),
            }),
          ],
        ]);
      });

      test("a handler answers although the store is unavailable for longer than the lease, and an event has the cause", async ({
        expect,
      }) => {
        const { here, there, network, recover, failures } = await route(
          async () => {
            network.isUnavailable = true;
            await expect.poll(() => failures().length).toBe(1);
            await recover(expect);
            return new Response("done");
          },
          { lease: STEADY },
        );
        expect(await told(here())).toBe("done");
        expect(await told(there())).toBe("again: done");
        const [[what, error] = []] = failures();
        expect([failures().length, what]).toEqual([1, "dedup-lost"]);
        // The last call is not sent when the store failed repeatedly before it.
        const codes = codesOf(error).filter((code) => code !== "STORE_NOT_TRIED");
        expect(codes).toEqual(["DEDUP_CLAIM_LOST", "STORE_UNREACHABLE"]);
      });
    });

    // The process is killed, so one store is enough.
    if (kind.name !== "redis-server") return;
    describe("a process that is killed", () => {
      async function start(of: "once" | "idempotent") {
        const { one, other, healthy, redis } = await pair();
        const { url, token } = store;
        const args = [
          "--url",
          url,
          "--token",
          token,
          "--namespace",
          one.namespace,
          "--of",
          of,
          "--lease",
          String(STEADY),
        ];
        const file = join(import.meta.dirname, "..", "fixtures", "leased-work.ts");
        const child = spawn(process.execPath, [file, ...args], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        children.add(child);
        await once(child.stdout, "data");
        const kill = async () => {
          if (child.exitCode !== null || child.signalCode !== null)
            throw new Error("The process has ended.");
          const exit = once(child, "exit");
          child.kill("SIGKILL");
          await exit;
          children.delete(child);
        };
        return { other, idempotent: healthy.idempotent, redis, kill };
      }

      test("a process that runs work of once holds its claim for its lifetime and one lease", async ({
        expect,
      }) => {
        const { other, kill } = await start("once");
        const ran = async () => (await other.once("job", { window: WINDOW }, async () => 2)).ran;
        expect(await during(1.5 * STEADY, ran)).toEqual([false]);
        await kill();
        await expect.poll(ran).toBe(true);
      });

      test("a process that streams a response holds its request for its lifetime and one lease", async ({
        expect,
      }) => {
        const { idempotent, kill } = await start("idempotent");
        const there = idempotent(() => new Response("done"), { caller: () => "ada" });
        const status = async () => (await there(order())).status;
        expect(await during(1.5 * STEADY, status)).toEqual([409]);
        await kill();
        await expect.poll(status).toBe(200);
      });
    });
  },
);

/** The codes of an error and of its causes, in their order. */
function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  return [...("code" in error ? [error.code] : []), ...codesOf(error.cause)];
}

interface Streamed {
  readonly stream: ReadableStreamDefaultController<Uint8Array>;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly expect: ExpectStatic;
}

/** Makes streamed responses that the test writes. */
function streams() {
  type Stream = ReadableStreamDefaultController<Uint8Array>;
  let resolve: (stream: Stream) => void = () => {};
  const first = new Promise<Stream>((resolved) => {
    resolve = resolved;
  });
  let count = 0;
  const start = (stream: Stream) => {
    count += 1;
    resolve(stream);
  };
  return {
    next: () => new Response(new ReadableStream({ start })),
    count: () => count,
    /** Resolves when the first one has begun. */
    first,
  };
}

function order(): Request {
  const headers = { "idempotency-key": '"k"' };
  return new Request("http://app.example/orders", { method: "POST", headers, body: "{}" });
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(body: ReadableStream | null): Promise<string> {
  return new Response(body).text();
}

function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  if (!body) throw new Error("There is no body.");
  return body;
}
