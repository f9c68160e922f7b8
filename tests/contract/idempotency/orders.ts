import type { Handler, IdempotencyOptions } from "#lib/idempotency/idempotent";
import type { EachStore } from "../../support/on-each-store.ts";
import { makeTools } from "../../support/tools.ts";

export type Options = Partial<IdempotencyOptions<Request>>;

/** Returns a function that makes one route on two instances. A header names the caller. */
export function routesOn(store: EachStore) {
  return (handler: Handler<Request, []>, options: Options = {}, send: typeof fetch = fetch) => {
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
  };
}

/** Makes a request with an Idempotency-Key. */
export function order(
  key: string | undefined,
  { body = '{"tickets":2}', user = "ada", path = "/orders", method = "POST" } = {},
): Request {
  const headers = new Headers({ "content-type": "application/json" });
  if (user) headers.set("x-user", user);
  if (key !== undefined) headers.set("idempotency-key", key);
  return new Request(`http://app.example${path}`, { method, headers, body });
}

/** Makes a handler that counts its runs and responds with the count. */
export function counting(init: ResponseInit = { status: 201 }) {
  const seen = { runs: 0, bodies: [] as string[] };
  const handler = async (request: Request) => {
    seen.runs += 1;
    seen.bodies.push(await request.text());
    return Response.json({ run: seen.runs }, init);
  };
  return { seen, handler };
}

/** Makes a body that the test writes when it is read. */
export function stream(start: (it: ReadableStreamDefaultController<Uint8Array>) => void) {
  return new ReadableStream<Uint8Array>({
    pull(it) {
      start(it);
      // A stream that broke off cannot be closed.
      if (it.desiredSize !== null) it.close();
    },
  });
}
