import { serveStore } from "#lib/gateway/server";
import type { Command } from "#lib/gateway/store/store";
import { asText, type StoreKind } from "./stores.ts";

/** A store of any kind behind our gateway, and a way to look into it past its clients. */
export interface ServedStore {
  readonly url: string;
  readonly token: string;
  /** The names of keys that begin so. */
  keys(prefix: string): Promise<string[]>;
  /** Milliseconds until a key ends. */
  pttl(key: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a store of a kind and serves it as Upstash does. */
export async function serve(kind: StoreKind): Promise<ServedStore> {
  const running = await kind.start();
  const served = await running.open();
  const look = await running.open();
  const gateway = await serveStore(served, { token: "a-token-of-the-tests" });
  const ask = async (command: Command) => asText(await look.call(command));
  return {
    url: gateway.url,
    token: gateway.token,
    keys: async (prefix) => (await ask(["KEYS", `${prefix}*`])) as string[],
    pttl: async (key) => Number(await ask(["PTTL", key])),
    async stop() {
      await gateway.close();
      await look.close();
      await running.stop();
    },
  };
}
