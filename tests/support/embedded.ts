import { type EmbeddedStoreOptions, openEmbeddedStore } from "#lib/embedded/store";
import { ErrorReply } from "#lib/gateway/store/store";
import { asText } from "./stores.ts";

/** An embedded store whose replies are plain values. An error is `{ error }` with its text. */
export async function embeddedStore(options: EmbeddedStoreOptions = {}) {
  const store = await openEmbeddedStore(options);
  const run = async (name: string, ...args: readonly (string | number | Buffer)[]) => {
    const reply = await store.call([name, ...args.map(toArgument)]);
    return reply instanceof ErrorReply ? { error: reply.message } : asText(reply);
  };
  return {
    store,
    run,
    /** Runs a script without keys. */
    script: (lua: string, ...args: readonly string[]) => run("EVAL", lua, 0, ...args),
  };
}

function toArgument(value: string | number | Buffer): string | Buffer {
  return typeof value === "number" ? String(value) : value;
}
