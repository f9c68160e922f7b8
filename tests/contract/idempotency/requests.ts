import { expect, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { counting, order, routesOn, stream } from "./orders.ts";

/** Tests which requests are the same: by their key, their caller and their content. */
export function testRequests(store: EachStore): void {
  const route = routesOn(store);

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
}
