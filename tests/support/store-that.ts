import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { createRedis } from "#lib/redis/client";
import { StoreError } from "#lib/redis/errors";
import type { RequesterOptions } from "#lib/redis/requester";
import { scope } from "./scope.ts";

/** Returns a function that starts stores for the tests of a file, which end after each test. */
export function storesThat() {
  const cleanUp = scope();
  /** Starts a store that answers by the listener, and records the bodies of the calls that it received. */
  return async (
    listener: RequestListener,
    onBreakerChange: RequesterOptions["onBreakerChange"] = () => {},
    deadlineMs = 600,
  ) => {
    const calls: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        calls.push(body);
        listener(request, response);
      });
    });
    cleanUp(server, (it) => {
      it.closeAllConnections();
      return new Promise((resolve) => it.close(resolve));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const redis = createRedis({
      url: `http://127.0.0.1:${port}`,
      token: "s3cret-token",
      deadlineMs,
      onBreakerChange,
    });
    return { redis, calls };
  };
}

/** Returns the error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await call.then(
    () => expect.unreachable("the call should have failed"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}
