import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NamedStore } from "./named-store.ts";
import type { RedisAddress } from "#lib/core/store-address";
import type { ChosenStore } from "./store.ts";

/** The REST address of a store, with the properties of the app that uses it. */
export interface StoreAddress {
  readonly url: string;
  readonly token: string;
  /**
   * The mode of the app, which is a part of its namespace.
   * @default the mode is not known
   * @example
   * recordRunningStore(root, store, { mode: "development" });
   */
  readonly mode?: "development" | "production" | undefined;
  /**
   * The host, port and database of the Redis behind it, when REDIS_URL names one.
   * @default no Redis is named
   * @example
   * recordRunningStore(root, store, { redis: redisEndpoint(namedRedis(env)) });
   */
  readonly redis?: string | undefined;
  /**
   * The secret that keys the hashes of clients, when the environment of the app sets no HEADGATE_SECRET.
   * @default no secret is noted
   * @example
   * recordRunningStore(root, store, { secret });
   */
  readonly secret?: string | undefined;
  /**
   * True when the secret is derived from the address of the Redis: client keys are void when the address
   * changes.
   * @default false
   * @example
   * recordRunningStore(root, store, { secret, isSecretDerived: true });
   */
  readonly isSecretDerived?: boolean | undefined;
  /**
   * True when HEADGATE_SECRET is set in the environment of the app; the note then does not hold the secret.
   * @default false
   * @example
   * recordRunningStore(root, store, { isSecretSet: true });
   */
  readonly isSecretSet?: boolean | undefined;
}

/**
 * Writes the address of this process's store to `.headgate/store.json`, readable by this user alone, until the
 * store is stopped: commands on this machine find the store by it. A store that the environment names is not
 * noted, since commands find it in the environment. A folder that cannot be written gets no note. The note also
 * holds a secret that the start of the store made, since it keys the hashes of clients.
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
    // A container's folder may be read-only. Commands do not run there.
    return store;
  }
  // When two apps run here, the note is that of the later one.
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
 * Returns the store of the app that runs in this folder; undefined when no app runs.
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
 * Returns the mode of the app that runs in this folder, when the environment names that app's store, or no
 * store; undefined otherwise.
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
 * Returns the host, port and database of a Redis, without the secrets in its address.
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

/** Returns true when the process exists. A killed process could not remove its note. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
