import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { IdempotencyOptions } from "#lib/idempotency/idempotent";
import { onEachStore } from "../support/on-each-store.ts";
import { makeTools } from "../support/tools.ts";

const UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324";

interface Sent {
  readonly key?: string;
  readonly body?: string;
  readonly path?: string;
  readonly address?: string;
  readonly user?: string;
}

onEachStore("the Idempotency-Key of a guest, on $name", (store) => {
  /** A route on two instances that returns how often it ran; each request goes to the next instance. */
  function route(options: Partial<IdempotencyOptions<Request>> = {}) {
    const one = makeTools(store);
    const seen = { runs: 0, sent: 0 };
    const instances = [one, one.again()].map(({ idempotent }) =>
      idempotent(
        async (request: Request) => {
          seen.runs += 1;
          const { length } = await request.text();
          const headers = { "set-cookie": `cart=${seen.runs}`, "x-length": String(length) };
          return Response.json({ run: seen.runs }, { status: 201, headers });
        },
        {
          caller: ({ headers }) => headers.get("x-user") ?? undefined,
          guestClient: ({ headers }) => headers.get("x-address") ?? undefined,
          ...options,
        },
      ),
    );
    async function send({ key = UUID, body = "{}", path = "/orders", ...by }: Sent = {}) {
      const { address = "203.0.113.7", user = "" } = by;
      const headers = new Headers({ "idempotency-key": key });
      if (address) headers.set("x-address", address);
      if (user) headers.set("x-user", user);
      const instance = instances[(seen.sent += 1) % 2];
      if (!instance) throw new Error("There must be two instances.");
      return instance(new Request(`http://app.example${path}`, { method: "POST", headers, body }));
    }
    /** Returns which run answered. */
    const runOf = async (sent?: Sent) => ((await (await send(sent)).json()) as { run: number }).run;
    return { ...one, seen, send, runOf };
  }

  test("a guest's key is run once for its client, body and key, on two instances, and repeats no cookie", async () => {
    const { send, seen } = route();
    const first = await send();
    const again = await send({ key: `"${UUID}"` });
    expect([first.headers.get("set-cookie"), first.headers.get("x-length")]).toEqual([
      "cart=1",
      "2",
    ]);
    expect(Object.fromEntries(again.headers)).toEqual({
      "content-type": "application/json",
      "x-length": "2",
      "idempotency-replayed": "true",
    });
    expect([again.status, await again.json(), seen.runs]).toEqual([201, { run: 1 }, 1]);
  });

  test.each([
    ["capitals of a UUID", UUID.toUpperCase()],
    ["22 characters of base64url", "V1StGXR8_Z5jdHi6B-myTw"],
  ])("a guest's key is accepted as %s", async (_, key) => {
    const { runOf } = route();
    expect([await runOf({ key }), await runOf({ key })]).toEqual([1, 1]);
  });

  test("a guest's key with another body or another client is another key, and reveals neither of the first", async () => {
    const { runOf } = route();
    expect(await runOf()).toBe(1);
    expect(await runOf({ body: "[]" })).toBe(2);
    expect(await runOf({ address: "203.0.113.8" })).toBe(3);
    expect(await runOf()).toBe(1);
  });

  test("a guest's key with the same body and another path gets 422", async () => {
    const { send, runOf } = route();
    await send();
    expect((await send({ path: "/refunds" })).status).toBe(422);
    expect(await runOf()).toBe(1);
  });

  test.each(["order-1", "V1StGXR8_Z5jdHi6B-myT", "c232ab00-9414-11ec-b3c8-9f6bdeced846"])(
    "a guest's key that another guest could guess is run each time, as without the option: %s",
    async (key) => {
      const { runOf, seen } = route({ maxBodyBytes: 1 });
      expect([await runOf({ key }), await runOf({ key })]).toEqual([1, 2]);
      expect(seen.runs).toBe(2);
    },
  );

  test("a guest's key is run each time by default, and when its client is unknown", async () => {
    const unknown = route();
    expect([await unknown.runOf({ address: "" }), await unknown.runOf({ address: "" })]).toEqual([
      1, 2,
    ]);
    const off = route({ guestClient: undefined } as object);
    expect([await off.runOf(), await off.runOf()]).toEqual([1, 2]);
  });

  test("a guest gets no response of a caller, and a caller none of a guest, even with the same name", async () => {
    const { runOf } = route();
    expect(await runOf({ user: "ada", address: "ada" })).toBe(1);
    expect(await runOf({ address: "ada" })).toBe(2);
    expect(await runOf({ user: "ada", address: "ada" })).toBe(1);
    expect(await runOf({ user: "grace", address: "ada" })).toBe(3);
  });

  test("a caller's key is accepted in any form, with 422 for another body", async () => {
    const { send, runOf } = route();
    const order = { key: "order-1", user: "ada" };
    expect([await runOf(order), await runOf(order)]).toEqual([1, 1]);
    expect((await send({ ...order, body: "[]" })).status).toBe(422);
  });

  test("a guest's key leaves neither address nor cookie in the store, and expires", async () => {
    const { send, redis, keys, keyedHash } = route();
    await send();
    const digest = createHash("sha256").update("{}").digest("base64");
    const claimed = JSON.stringify(["Idempotency-Key", "203.0.113.7", UUID, digest]);
    const key = keys.event(keyedHash("event", claimed));
    const value = await redis.get<string>(key);
    expect(value).toMatch(/^d\d+:[\w-]+:[\w-]{22}:v2:/);
    expect(`${key} ${value}`).not.toMatch(/203\.0|8e03978e|cart/);
    expect(await store.pttl(key)).toBeGreaterThan(0);
  });
});
