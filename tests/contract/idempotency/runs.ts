import { expect, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { counting, order, routesOn } from "./orders.ts";

/** Tests that a request runs once at a time, and again only when nothing was stored. */
export function testRuns(store: EachStore): void {
  const route = routesOn(store);

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

  test("a handler without a response stores nothing", async () => {
    let runs = 0;
    const { here, there } = route(() => {
      runs += 1;
      return runs === 1 ? (undefined as unknown as Response) : new Response("done");
    });
    expect(await here(order('"k"'))).toBeUndefined();
    expect(await (await there(order('"k"'))).text()).toBe("done");
  });
}
