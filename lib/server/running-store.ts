import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NamedStore } from "./named-store.ts";
import type { RedisAddress } from "#lib/core/store-address";
import type { ChosenStore } from "./store.ts";

/** Where a store is reached by REST, and by what. */
export interface StoreAddress {
  readonly url: string;
  readonly token: string;
  /** The mode of the app that counts there, which is a part of its namespace. */
  readonly mode?: "development" | "production" | undefined;
  /** The host, port and database of the Redis behind it, where REDIS_URL names one. */
  readonly redis?: string | undefined;
  /** The secret that keys the hashes of clients, where the environment of that app sets none. */
  readonly secret?: string | undefined;
  /** True where that secret is derived from the address of the Redis: client keys are void when it changes. */
  readonly isSecretDerived?: boolean | undefined;
  /** True where HEADGATE_SECRET is set in the environment of that app: then the note does not hold it. */
  readonly isSecretSet?: boolean | undefined;
}

/**
 * Notes where the store of this process is, in `.headgate/store.json`, readable by this user alone,
 * so that a command on this machine finds it; until the store is stopped. A store that the
 * environment names is not noted: there it is found. Nothing is noted in a folder that cannot be written.
 * A secret that the store's start made is noted too, since hashes of clients are keyed by it.
 *
 * @example
 * const store = recordRunningStore(root, await chooseStore(process.env, console.log));
 */
export function recordRunningStore(
  root: string,
  store: ChosenStore,
  about: About = {},
): ChosenStore {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = store.variables;
  if (!url || !token) return store;
  const file = fileIn(root);
  try {
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify({ url, token, pid: process.pid, ...about }), {
      mode: 0o600,
    });
  } catch {
    // A container's folder may be read-only. No command looks for a store there.
    return store;
  }
  // When two apps run here, the note is the later one's.
  const forget = () => {
    if (read(root)?.pid === process.pid) rmSync(file, { force: true });
  };
  process.once("exit", forget);
  return {
    ...store,
    async stop() {
      process.off("exit", forget);
      forget();
      await store.stop();
    },
  };
}

/**
 * Returns the store of the app that runs here; undefined where none does.
 *
 * @example
 * const redis = createScriptStore(runningStore(root) ?? { url, token });
 */
export function runningStore(root: string): StoreAddress | undefined {
  const noted = read(root);
  if (!noted || !isAlive(noted.pid)) return undefined;
  const { pid: _, ...address } = noted;
  return address;
}

type About = Omit<StoreAddress, "url" | "token">;

/**
 * Returns the mode of the app that runs here, when the store that the environment names is its own, or
 * the environment names none; undefined otherwise.
 *
 * @example
 * const mode = runningMode(root, namedStore(process.env));
 */
export function runningMode(root: string, named: NamedStore | undefined): StoreAddress["mode"] {
  const running = runningStore(root);
  const isItsOwn =
    !named || (named.by === "tcp" && running?.redis === redisEndpoint(named.address));
  return isItsOwn ? running?.mode : undefined;
}

/**
 * Returns the host, port and database of a Redis, without what is secret in its address.
 *
 * @example
 * redisEndpoint(namedRedis({ REDIS_URL: "redis://:secret@127.0.0.1" })); // "127.0.0.1:6379/0"
 */
export function redisEndpoint(address: RedisAddress | undefined): string | undefined {
  return address && `${address.host}:${address.port}/${address.db}`;
}

interface Noted extends StoreAddress {
  readonly pid: number;
}

function fileIn(root: string): string {
  return join(root, ".headgate", "store.json");
}

function read(root: string): Noted | undefined {
  try {
    const { url, token, pid, ...about } = JSON.parse(
      readFileSync(fileIn(root), "utf8"),
    ) as Partial<Noted>;
    const isWhole = typeof url === "string" && typeof token === "string" && typeof pid === "number";
    return isWhole ? { ...about, url, token, pid } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is such a process; one that was killed could not remove its note. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
