import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { type Gateway, serveStore } from "#lib/gateway/server";
import type { Argument, Store } from "#lib/gateway/store/store";
import { asText, type RunningStore, type StoreKind } from "./stores.ts";

export const token = "a-token-of-the-tests";

/** Starts a store of a kind and a gateway with narrow limits, for all tests of a block. The store is empty before each test. */
export function servedGateway(kind: StoreKind) {
  let running: RunningStore;
  let direct: Store;
  let gateway: Gateway;

  beforeAll(async () => {
    running = await kind.start();
    direct = await running.open();
    gateway = await serveStore(await running.open(), {
      token,
      limits: { bodyBytes: 2_000, pipelineCommands: 5, requestTimeoutMs: 500 },
    });
  });
  beforeEach(() => look("FLUSHALL"));
  afterAll(async () => {
    await gateway?.close();
    await direct?.close();
    await running?.stop();
  });

  /** Sends a command to the store as another client. */
  async function look(name: string, ...args: Argument[]): Promise<unknown> {
    return asText(await direct.call([name, ...args]));
  }

  /** Sends a request to a path of the gateway. */
  async function send(path: string, init: RequestInit = {}) {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(init.headers as Record<string, string>),
    };
    const response = await fetch(gateway.url + path, { ...init, headers });
    const answer: unknown = await response.json();
    return { status: response.status, answer };
  }

  /** Sends a body to a path of the gateway. */
  const post = (path: string, body: unknown, headers = {}) =>
    send(path, { method: "POST", body: JSON.stringify(body), headers });

  return {
    look,
    send,
    post,
    /** Opens another client of the store. */
    open: () => running.open(),
    get direct() {
      return direct;
    },
    get port() {
      return gateway.port;
    },
  };
}

/** Returns a matcher of an answer with an error. */
export const error = (text: string) => ({ error: expect.stringContaining(text) as string });
