import { notFound, redirect } from "next/navigation.js";
import { NextRequest, NextResponse } from "next/server.js";
import { expect, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { counting, order, routesOn, stream } from "./orders.ts";

function readAlready(): Response {
  const answer = new Response("read");
  void answer.text();
  return answer;
}

/** Tests which responses are stored, and how they are repeated. */
export function testResponses(store: EachStore): void {
  const route = routesOn(store);

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

  test("a response that is too large to store frees its key when the client disconnects without reading it", async () => {
    const { seen, handler } = counting();
    const { here, there, failures } = route(handler, { maxAnswerBytes: 4 });
    const unavailable = new AbortController();
    // A server drops such a response without cancelling its body.
    await here(new Request(order('"disconnected"'), { signal: unavailable.signal }));
    expect((await there(order('"disconnected"'))).status).toBe(409);
    unavailable.abort();
    await expect
      .poll(async () => (await (await there(order('"disconnected"'))).json()) as unknown)
      .toMatchObject({ title: "The request was done, and its response was not stored" });
    expect([seen.runs, failures]).toEqual([1, []]);
  });

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
}
