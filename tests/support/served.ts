import { serveStore } from "#lib/gateway/server";
import type { Command } from "#lib/gateway/store/store";
import { asText, type StoreKind } from "./stores.ts";

/** A store of any kind behind our gateway, with a direct connection. */
export interface ServedStore {
  readonly url: string;
  readonly token: string;
  /** Returns the names of keys with a prefix. */
  keys(prefix: string): Promise<string[]>;
  /** Returns the milliseconds until a key expires. */
  pttl(key: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a store of a kind, and serves it with the REST API of Upstash. */
export async function serve(kind: StoreKind): Promise<ServedStore> {
  const running = await kind.start();
  const served = await running.open();
  const look = await running.open();
  const gateway = await serveStore(served, { token: "a-token-of-the-tests" });
  const call = async (command: Command) => asText(await look.call(command));
  return {
    url: gateway.url,
    token: gateway.token,
    keys: async (prefix) => (await call(["KEYS", `${prefix}*`])) as string[],
    pttl: async (key) => Number(await call(["PTTL", key])),
    async stop() {
      await gateway.close();
      await look.close();
      await running.stop();
    },
  };
}
