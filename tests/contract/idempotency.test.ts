import { notFound, redirect } from "next/navigation.js";
import { NextRequest, NextResponse } from "next/server.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Handler, IdempotencyOptions } from "#lib/idempotency/idempotent";
import { losingResponses } from "../support/lost-responses.ts";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

type Options = Partial<IdempotencyOptions<Request>>;

describe.each(STORES_AND_CLUSTER)("idempotent on $name", (kind) => {
  let store: ServedStore;
  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  /** One route on two instances; a header names the caller. */
  function route(handler: Handler<Request, []>, options: Options = {}, send: typeof fetch = fetch) {
    const one = makeTools(store, send);
    const [here, there] = [one, one.again()].map(({ idempotent }) =>
      idempotent(handler, {
        caller: (request) => request.headers.get("x-user") ?? undefined,
        ...options,
      }),
    );
    if (!here || !there) throw new Error("There must be two instances.");
    const nameOf = (key: string) => one.keys.event(one.keyedHash("event", key));
    return { here, there, nameOf, failures: one.failures, redis: one.redis };
  }

  function order(
    key: string | undefined,
    { body = '{"tickets":2}', user = "ada", path = "/orders", method = "POST" } = {},
  ): Request {
    const headers = new Headers({ "content-type": "application/json" });
    if (user) headers.set("x-user", user);
    if (key !== undefined) headers.set("idempotency-key", key);
    return new Request(`http://app.example${path}`, { method, headers, body });
  }

  /** A handler that counts its runs and responds with the count. */
  function counting(init: ResponseInit = { status: 201 }) {
    const seen = { runs: 0, bodies: [] as string[] };
    const handler = async (request: Request) => {
      seen.runs += 1;
      seen.bodies.push(await request.text());
      return Response.json({ run: seen.runs }, init);
    };
    return { seen, handler };
  }

  test("a request that is sent again gets the first response, on any instance", async () => {
    const { seen, handler } = counting({
      status: 201,
      headers: { location: "/orders/1", "set-cookie": "session=ada", "x-more": "a, b" },
    });
    const { here, there } = route(handler);
    const first = await here(order('"k-1"'));
    const again = await there(order('"k-1"'));
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await first.json()).toEqual({ run: 1 });
    expect(await again.text()).toBe('{"run":1}');
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(first.headers.getSetCookie()).toEqual(["session=ada"]);
    expect(Object.fromEntries(again.headers)).toEqual({
      "content-type": "application/json",
      location: "/orders/1",
      "x-more": "a, b",
      "idempotency-replayed": "true",
    });
    expect(seen).toEqual({ runs: 1, bodies: ['{"tickets":2}'] });
  });

  test.each([
    ["no body", () => new Response(null, { status: 204 }), ""],
    ["bytes that are no text", () => new Response(new Uint8Array([0, 255, 128])), "\0\u00ff\u0080"],
    [
      "a 202 with Retry-After",
      () => new Response("taken", { status: 202, headers: { "retry-after": "5" } }),
      "taken",
    ],
    ["a redirect", () => new Response(null, { status: 303, headers: { location: "/x" } }), ""],
    [
      "an error of the client's",
      () => Response.json({ title: "No." }, { status: 404 }),
      '{"title":"No."}',
    ],
    ["a stream", () => new Response(new Blob(["a", "b"]).stream()), "ab"],
  ])("a response with %s is repeated unchanged", async (_, answer, body) => {
    const { here, there } = route(answer);
    const first = await here(order('"k"'));
    const again = await there(order('"k"'));
    expect(again.status).toBe(first.status);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    for (const each of [first, again]) {
      expect(Buffer.from(await each.arrayBuffer()).toString("latin1")).toBe(body);
    }
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  test("a request without the header gets 400 when it is required, and runs when it is not", async () => {
    const { seen, handler } = counting();
    const missing = await route(handler).here(order(undefined));
    expect(missing.status).toBe(400);
    expect(missing.headers.get("content-type")).toBe("application/problem+json");
    expect(await missing.json()).toMatchObject({ title: "Idempotency-Key is missing" });
    const { here } = route(handler, { required: false });
    await here(order(undefined));
    expect((await here(order(undefined))).headers.has("idempotency-replayed")).toBe(false);
    expect(seen.runs).toBe(2);
  });

  test.each(["'k'", '"k', ":aw==:", '""', '"a", "b"', "a, b", '("a")', '"é"', `a b`])(
    "the key %j gets 400, whether or not the header is required",
    async (key) => {
      const { seen, handler } = counting();
      for (const required of [true, false]) {
        const answer = await route(handler, { required }).here(order(key));
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({ title: "Idempotency-Key is not valid" });
      }
      expect(seen.runs).toBe(0);
    },
  );

  test.each([
    ["quoted", "bare", '"k-1"', "k-1"],
    ["bare", "quoted", "k-1", '"k-1"'],
    [
      "bare",
      "quoted",
      "8e03978e-40d5-43dd-bc93-6894a57f9324",
      '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    ],
    ["quoted", "bare with parameters", '"k-1"', "k-1;v=1"],
    ["bare", "quoted with parameters and blanks around it", "k-1", '  "k-1";v=1  '],
  ])("a key that is sent %s and then %s is one key", async (_, _again, key, again) => {
    const { seen, handler } = counting();
    const { here, there } = route(handler);
    await here(order(key));
    expect((await there(order(again))).headers.get("idempotency-replayed")).toBe("true");
    expect((await there(order(again, { body: "[]" }))).status).toBe(422);
    expect(seen.runs).toBe(1);
  });

  test("the response to an invalid key names the valid form", async () => {
    const answer = await route(counting().handler).here(order('"a", "b"'));
    expect(await answer.json()).toMatchObject({
      detail: expect.stringMatching(/must be one key of 1 to 255 characters, sent once/),
    });
  });

  test("while the first request runs, a repetition gets 409 with the time until its lease ends", async () => {
    const { here, there } = route(async () => {
      const during = await there(order('"k"'));
      return Response.json([during.status, during.headers.get("retry-after")]);
    });
    const answer = await here(order('"k"'));
    expect(await answer.json()).toEqual([409, "30"]);
    const again = await there(order('"k"'));
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  test("one of fifty concurrent requests on two instances runs", async () => {
    const { seen, handler } = counting();
    const { here, there } = route(handler);
    const sent = Array.from({ length: 50 }, (_, i) => (i % 2 ? here : there)(order('"k"')));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(seen.runs).toBe(1);
    expect(statuses).toContain(201);
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
  });

  test.each([
    ["another body", { body: '{"tickets":3}' }],
    ["another path", { path: "/refunds" }],
    ["another query", { path: "/orders?draft=1" }],
    ["another method", { method: "PUT" }],
  ])("a key with %s gets 422, both in progress and committed", async (_, other) => {
    const { here, there } = route(async () => {
      const during = await there(order('"k"', other));
      return Response.json({ during: during.status });
    });
    expect(await (await here(order('"k"'))).json()).toEqual({ during: 422 });
    const after = await there(order('"k"', other));
    expect(after.status).toBe(422);
    expect(await after.json()).toMatchObject({ title: "Idempotency-Key is already used" });
    expect((await there(order('"k"'))).headers.get("idempotency-replayed")).toBe("true");
  });

  test("two users may use one key: neither gets the other's response", async () => {
    const { seen, handler } = counting();
    const { here, there } = route(handler);
    expect(await (await here(order('"k"', { user: "ada" }))).json()).toEqual({ run: 1 });
    expect(await (await there(order('"k"', { user: "grace" }))).json()).toEqual({ run: 2 });
    expect(await (await here(order('"k"', { user: "grace" }))).json()).toEqual({ run: 2 });
    expect(seen.runs).toBe(2);
  });

  test("a response that is too large to store frees its key when the client disconnects without reading it", async () => {
    const { seen, handler } = counting();
    const { here, there, failures } = route(handler, { maxAnswerBytes: 4 });
    const unavailable = new AbortController();
    // A server drops such a response without cancelling its body.
    await here(new Request(order('"gone"'), { signal: unavailable.signal }));
    expect((await there(order('"gone"'))).status).toBe(409);
    unavailable.abort();
    await expect
      .poll(async () => (await (await there(order('"gone"'))).json()) as unknown)
      .toMatchObject({ title: "The request was done, and its response was not stored" });
    expect([seen.runs, failures]).toEqual([1, []]);
  });

  test("a request without a caller runs the handler each time", async () => {
    const { seen, handler } = counting({ status: 401 });
    const { here } = route(handler);
    for (let i = 0; i < 2; i += 1) await here(order('"k"', { user: "" }));
    expect(seen.runs).toBe(2);
  });

  test.each<[unknown]>([[""], [null], [undefined]])(
    "a caller of %j is no caller: the handler runs for each request",
    async (name) => {
      const { seen, handler } = counting();
      const caller = () => name as string | undefined;
      const { here } = route(handler, { caller });
      for (let i = 0; i < 2; i += 1) await here(order('"k"'));
      expect(seen.runs).toBe(2);
    },
  );

  test.each<[unknown]>([[7], [["ada"]], [{}]])(
    "a caller of %j is a mistake, and the error names it",
    async (name) => {
      const { seen, handler } = counting();
      const { here } = route(handler, { caller: () => name as string });
      await expect(here(order('"k"'))).rejects.toMatchObject({ code: "DEDUP_BAD_ARGUMENT" });
      expect(seen.runs).toBe(0);
    },
  );

  test.each([
    ["a 500", new Response("broken", { status: 500 })],
    ["a store that fails", new Response("later", { status: 503 })],
    ["too many requests", new Response("later", { status: 429 })],
    [
      "a 4xx with Retry-After",
      new Response("busy", { status: 409, headers: { "retry-after": "1" } }),
    ],
  ])("%s is not stored: the request may be run again", async (_, failure) => {
    const answers = [failure, new Response("done")];
    const { here, there } = route(() => answers.shift() ?? new Response("a third run"));
    expect((await here(order('"k"'))).status).toBe(failure.status);
    const second = await there(order('"k"'));
    expect([second.headers.has("idempotency-replayed"), await second.text()]).toEqual([
      false,
      "done",
    ]);
    expect(await (await here(order('"k"'))).text()).toBe("done");
  });

  test("a network error response is not stored", async () => {
    const answers = [Response.error(), new Response("done")];
    const { here, there } = route(() => answers.shift() ?? new Response("a third run"));
    expect((await here(order('"k"'))).type).toBe("error");
    expect(await (await there(order('"k"'))).text()).toBe("done");
  });

  test("a cookie goes only to the first client, also when Next repeats it in one of its headers", async () => {
    const { here, there } = route(() => {
      const answer = NextResponse.json({ run: 1 });
      answer.cookies.set("session", "of-ada");
      return answer;
    });
    const first = await here(new NextRequest(order('"k"')));
    expect(first.headers.get("set-cookie")).toContain("of-ada");
    const again = await there(new NextRequest(order('"k"')));
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(JSON.stringify([...again.headers])).not.toContain("of-ada");
  });

  test.each([
    ["redirect()", () => redirect("/done?a=1;2"), 307, "/done?a=1;2"],
    ["notFound()", () => notFound(), 404, null],
  ])(
    "a response that Next's %s throws is stored and repeated",
    async (_, answer, status, location) => {
      let runs = 0;
      const { here, there } = route(() => {
        runs += 1;
        return answer();
      });
      await expect(here(order('"k"'))).rejects.toHaveProperty("digest");
      const again = await there(order('"k"'));
      expect([again.status, again.headers.get("location"), await again.text()]).toEqual([
        status,
        location,
        "",
      ]);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(runs).toBe(1);
    },
  );

  test("a handler that throws stores nothing: the request may be run again", async () => {
    let runs = 0;
    const { here, there } = route(() => {
      runs += 1;
      if (runs === 1) throw new Error("The handler failed.");
      return new Response("done");
    });
    await expect(here(order('"k"'))).rejects.toThrow("The handler failed.");
    expect(await (await there(order('"k"'))).text()).toBe("done");
  });

  test("a handler that hangs holds its key no longer than maxHold", async () => {
    const dead = new Promise<Response>(() => {});
    const answers: (Response | Promise<Response>)[] = [dead, new Response("done")];
    const { here, there } = route(() => answers.shift() ?? new Response("a third run"), {
      lease: 0.3,
      maxHold: 0.5,
    });
    void here(order('"k"'));
    await expect.poll(() => answers).toHaveLength(1);
    await expect.poll(async () => (await there(order('"k"'))).status).toBe(409);
    await expect.poll(async () => (await there(order('"k"'))).text()).toBe("done");
  });

  test("a handler that took longer than maxHold gets its response sent, and the response of the later run is stored", async () => {
    const { here, there, failures } = route(
      async (request) => {
        if (request.headers.get("x-slow") === null) return new Response("second");
        await expect.poll(async () => (await there(order('"k"'))).text()).toBe("second");
        return new Response("first");
      },
      { lease: 0.2, maxHold: 0.2 },
    );
    const slow = order('"k"');
    slow.headers.set("x-slow", "1");
    expect(await (await here(slow)).text()).toBe("first");
    expect(await (await here(order('"k"'))).text()).toBe("second");
    expect(failures).toEqual(["dedup-lost", "idempotency-keep"]);
  });

  test("a response that is too large is sent once; a repetition gets 409", async () => {
    const { seen, handler } = counting();
    const large = async (request: Request) => {
      await handler(request);
      return new Response("x".repeat(1001));
    };
    const { here, there } = route(large, { maxAnswerBytes: 1000 });
    expect(await (await here(order('"k"'))).text()).toHaveLength(1001);
    const again = await there(order('"k"'));
    expect(again.status).toBe(409);
    expect(again.headers.has("retry-after")).toBe(false);
    expect(await again.json()).toMatchObject({
      title: "The request was done, and its response was not stored",
    });
    expect(seen.runs).toBe(1);
  });

  test.each<[string, () => Response]>([
    ["breaks off", () => new Response(stream((it) => it.error(new Error("It broke off."))))],
    ["is not a stream of bytes", () => new Response(stream((it) => it.enqueue("text" as never)))],
    ["was read already", readAlready],
  ])("a request is done, and not run again, when its response %s", async (_, answer) => {
    const { seen, handler } = counting();
    const { here, there, failures } = route(async (request) => {
      await handler(request);
      return answer();
    });
    await here(order('"k"'));
    const again = await there(order('"k"'));
    expect(await again.json()).toMatchObject({
      title: "The request was done, and its response was not stored",
    });
    expect([seen.runs, failures]).toEqual([1, ["idempotency-keep"]]);
  });

  test("a request is done, and not run again, when the store rejects its response", async () => {
    const { seen, handler } = counting();
    const refusing: typeof fetch = async (url, init) =>
      typeof init?.body === "string" && init.body.length > 20_000
        ? Response.json({ error: "ERR max request size exceeded" }, { status: 400 })
        : fetch(url, init);
    const large = async (request: Request) => {
      await handler(request);
      return new Response("x".repeat(20_000));
    };
    const { here, there, failures } = route(large, {}, refusing);
    expect(await (await here(order('"k"'))).text()).toHaveLength(20_000);
    const again = await there(order('"k"'));
    expect(await again.json()).toMatchObject({
      title: "The request was done, and its response was not stored",
    });
    expect([seen.runs, failures]).toEqual([1, ["idempotency-keep"]]);
  });

  test("a handler without a response stores nothing", async () => {
    let runs = 0;
    const { here, there } = route(() => {
      runs += 1;
      return runs === 1 ? (undefined as unknown as Response) : new Response("done");
    });
    expect(await here(order('"k"'))).toBeUndefined();
    expect(await (await there(order('"k"'))).text()).toBe("done");
  });

  test("a body that breaks off gets 400, and the handler does not run", async () => {
    const { seen, handler } = counting();
    const { here } = route(handler);
    const { url, method, headers } = order('"k"');
    const body = stream((it) => it.error(new Error("It broke off.")));
    const broken = new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
    const answer = await here(broken);
    expect([answer.status, seen.runs]).toEqual([400, 0]);
    expect((await here(order('"k"'))).status).toBe(201);
  });

  test("a body that is too large gets 413, and the handler does not run", async () => {
    const { seen, handler } = counting();
    const { here } = route(handler, { maxBodyBytes: 10 });
    expect((await here(order('"k"', { body: "x".repeat(11) }))).status).toBe(413);
    expect((await here(order('"k"', { body: "x".repeat(10) }))).status).toBe(201);
    expect(seen.runs).toBe(1);
  });

  test("a response is stored for the time of the window", async () => {
    const { seen, handler } = counting();
    const { here } = route(handler, { lease: 0.2, window: 0.4 });
    await here(order('"k"'));
    expect((await here(order('"k"'))).headers.has("idempotency-replayed")).toBe(true);
    await expect
      .poll(async () => (await (await here(order('"k"'))).json()) as unknown)
      .toEqual({
        run: 2,
      });
    expect(seen.runs).toBe(2);
  });

  test("lost answers of the store do no harm", async () => {
    await route(() => new Response("warm")).here(order('"k"'));
    const { seen, handler } = counting();
    const { here, there, failures } = route(
      handler,
      {},
      losingResponses((call) => call % 2 === 1),
    );
    expect(await (await here(order('"k"'))).json()).toEqual({ run: 1 });
    expect(await (await there(order('"k"'))).json()).toEqual({ run: 1 });
    expect([seen.runs, failures]).toEqual([1, []]);
  });

  test("an unavailable store gets 503, or the request runs with onStoreFailure open", async () => {
    const unavailable = () => Promise.reject(new TypeError("fetch failed"));
    const { seen, handler } = counting();
    const closed = await route(handler, {}, unavailable).here(order('"k"'));
    expect([closed.status, closed.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(seen.runs).toBe(0);
    const open = await route(handler, { onStoreFailure: "open" }, unavailable).here(order('"k"'));
    expect([open.status, await open.json()]).toEqual([201, { run: 1 }]);
  });

  test("the stored data reveals nothing to a reader of the store", async () => {
    const { handler } = counting({ status: 201, headers: { "x-secret": "ada@example.org" } });
    const { here, redis, nameOf } = route(handler);
    await here(order('"k-of-ada"', { body: '{"to":"ada@example.org"}' }));
    const key = nameOf(JSON.stringify(["Idempotency-Key", "ada", "k-of-ada"]));
    const value = await redis.get<string>(key);
    expect(value).toMatch(/^d\d+:[\w-]+:[\w-]{22}:v2:/);
    expect(`${key} ${value}`).not.toMatch(/ada@example|k-of-ada|tickets/);
    expect(await store.pttl(key)).toBeGreaterThan(0);
  });
});

function stream(start: (it: ReadableStreamDefaultController<Uint8Array>) => void) {
  return new ReadableStream<Uint8Array>({
    pull(it) {
      start(it);
      // A stream that broke off cannot be closed.
      if (it.desiredSize !== null) it.close();
    },
  });
}

function readAlready(): Response {
  const answer = new Response("read");
  void answer.text();
  return answer;
}

test.each<[Options, RegExp]>([
  [{ maxAnswerBytes: 1_000_000 }, /maxAnswerBytes must be .* to 524288, but is 1000000/],
  [{ maxAnswerBytes: Number.NaN }, /maxAnswerBytes must .* NaN/],
  [{ maxBodyBytes: -1 }, /maxBodyBytes must .* -1/],
  [{ lease: "soon" }, /lease must .* "soon"/],
  [{ maxHold: "later" }, /maxHold must .* "later"/],
  [{ window: "32 days" }, /window must .* "32 days"/],
])("the options %j are rejected when the route is made", (options, why) => {
  const { idempotent } = makeTools({ url: "http://127.0.0.1:1", token: "x" });
  const make = () => idempotent(() => new Response(), { caller: () => "ada", ...options });
  expect(make).toThrow(why);
});
