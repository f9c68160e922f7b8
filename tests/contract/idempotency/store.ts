import { expect, test } from "vitest";
import { losingResponses } from "../../support/lost-responses.ts";
import type { EachStore } from "../../support/on-each-store.ts";
import { unavailable } from "../../support/unavailable.ts";
import { counting, order, routesOn } from "./orders.ts";

/** Tests a store that loses answers, rejects a response, is unavailable or is read by others. */
export function testStore(store: EachStore): void {
  const route = routesOn(store);

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
}
