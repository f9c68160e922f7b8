import { type ExpectStatic, test } from "vitest";
import type { IdempotencyOptions } from "#lib/idempotency/idempotent";
import type { EachStore } from "../../support/on-each-store.ts";
import { failureIn } from "../../support/tools.ts";
import { during, leasedPairs, order, STEADY } from "./leases.ts";

/** Tests that an idempotent handler renews the claim of its request until the response has been read. */
export function testIdempotent(store: EachStore): void {
  const pair = leasedPairs(store);

  type Options = Omit<IdempotencyOptions<Request>, "caller">;

  /** Makes one handler on two instances, and a function for each that sends it the same request. */
  async function route(handler: () => Response | Promise<Response>, options: Options = {}) {
    const { one, healthy, network, recover } = await pair();
    const [here, there] = [one, healthy].map(({ idempotent }) =>
      idempotent(handler, { caller: () => "ada", lease: STEADY, ...options }),
    );
    const failures = () =>
      [...one.events, ...healthy.events]
        .filter((event) => failureIn(event) !== undefined)
        .map((event) => [failureIn(event), "error" in event && event.error]);
    if (!here || !there) throw new Error("There must be two instances.");
    return {
      network,
      recover,
      failures,
      here: () => here(order()),
      there: () => there(order()),
    };
  }

  /** Returns the state of a repeated request, or the body of its response. */
  async function told(answer: Promise<Response>): Promise<string> {
    const { status, headers, body } = await answer;
    if (status === 409) return headers.has("retry-after") ? "in progress" : "done";
    return headers.has("idempotency-replayed") ? `again: ${await text(body)}` : text(body);
  }

  test("a handler that takes twice its lease runs once on two instances", async ({ expect }) => {
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
    // The gate sends the stream on while the handler writes it.
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
    "a request is done, and not renewed, when its large stream %s",
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
}

/** Returns the codes of an error and of its causes, in their order. */
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
    /** Resolves when the first stream has begun. */
    first,
  };
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
