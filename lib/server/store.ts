import { randomBytes } from "node:crypto";
import { HeadgateError } from "#lib/core/errors";
import { trimVariables, type Variables } from "#lib/core/settings";
import type { RedisAddress } from "#lib/core/store-address";
import { secretOf } from "#lib/identity/derived-secret";
import { openEmbeddedStore } from "#lib/embedded/store";
import { canReachRedis, serveStore, startGateway } from "#lib/gateway/server";
import { clusterFlag } from "./cluster-flag.ts";
import { namedStore, type NamedStore } from "./named-store.ts";
import { hasOwnRedis, startOwnRedis } from "./own-redis.ts";

/** The chosen store: its variables for the app, and its line for the person who started the server. */
export interface ChosenStore {
  /** The line for the log. */
  readonly line: string;
  /** The store's name in warnings; undefined without a store. */
  readonly name?: string;
  /** The variables by which the app finds the store. */
  readonly variables: Readonly<Record<string, string>>;
  readonly warning?: string;
  stop(): Promise<void>;
}

/** The warning about a secret that any client of the Redis can derive. */
export const OPEN_REDIS =
  "REDIS_URL holds no password, so the key of the hashes of clients is not secret: set HEADGATE_SECRET.";

/**
 * Chooses the store: the Upstash REST store that the environment names, or else our gateway in front of
 * REDIS_URL. Without both, the gateway is in front of a store that this process starts: the redis-server or
 * valkey-server on the PATH, or the embedded store when neither is installed. HEADGATE_STORE chooses between
 * these two. When HEADGATE_MODE is off and no variable names a store, no store is started.
 *
 * @throws {HeadgateError} ENV_INVALID or STORE_NOT_FOUND, with the remedy
 * @example
 * const store = await chooseStore(process.env, console.log);
 * Object.assign(process.env, store.variables);
 */
export async function chooseStore(
  env: Variables,
  say: (line: string) => void,
): Promise<ChosenStore> {
  const set = trimVariables(env);
  const named = namedStore(set);
  const own = ownStore(set, named);
  if (named?.by === "rest") return restStore(named.url);
  const cluster = clusterFlag(set["HEADGATE_CLUSTER"]);
  const chosen = await (named ? gatewayToRedis(named.address, cluster) : own(say));
  const { HEADGATE_SECRET } = set;
  const {
    HEADGATE_SECRET: derived,
    HEADGATE_SECRET_DERIVED: _,
    HEADGATE_SECRET_GUESSABLE: __,
    ...variables
  } = chosen.variables;
  if (!HEADGATE_SECRET || HEADGATE_SECRET === derived) return chosen;
  // A secret that a person set replaces the derived one, and needs no warning.
  const { warning: ___, ...rest } = chosen;
  return { ...rest, variables: { ...variables, HEADGATE_SECRET } };
}

/** Returns the function that starts a store, for an environment that names no store. */
function ownStore(
  { HEADGATE_STORE, HEADGATE_MODE }: Variables,
  named: NamedStore | undefined,
): (say: (line: string) => void) => Promise<ChosenStore> {
  if (!HEADGATE_STORE) {
    if (HEADGATE_MODE === "off") return withoutStore;
    return canReachRedis && hasOwnRedis() ? gatewayToOwnRedis : gatewayToEmbedded;
  }
  if (named) {
    const variable = named.by === "rest" ? named.variable : "REDIS_URL";
    throw new HeadgateError(
      "ENV_INVALID",
      `HEADGATE_STORE starts a store, and ${variable} names another: unset one of them.`,
    );
  }
  if (HEADGATE_STORE === "embedded") return gatewayToEmbedded;
  if (HEADGATE_STORE === "redis") return gatewayToOwnRedis;
  throw new HeadgateError("ENV_INVALID", "HEADGATE_STORE must be redis or embedded.");
}

function restStore(url: string): ChosenStore {
  const { host } = new URL(url);
  return {
    line: `Upstash REST at ${host}`,
    name: `the store at ${host}`,
    variables: {},
    stop: async () => {},
  };
}

async function withoutStore(): Promise<ChosenStore> {
  return {
    line: "none: HEADGATE_MODE=off needs no store; locks and dedup fail",
    variables: {},
    stop: async () => {},
  };
}

async function gatewayToRedis(
  { href: redisUrl, password }: RedisAddress,
  cluster: boolean,
): Promise<ChosenStore> {
  const { host } = new URL(redisUrl);
  const report = (line: string) => console.error(line);
  const gateway = await startGateway({ redisUrl, cluster, token: newToken(), report });
  return {
    line: `Redis ${cluster ? "Cluster " : ""}at ${host}, through our own gateway`,
    name: `the store at ${host}`,
    variables: {
      ...gatewayVariables(gateway),
      // Every instance on this Redis derives the same secret, so that all count a client by the same key.
      HEADGATE_SECRET: secretOf(redisUrl),
      HEADGATE_SECRET_DERIVED: "1",
      // The gate does not read REDIS_URL, so it must be told.
      ...(!password && { HEADGATE_SECRET_GUESSABLE: "1" }),
    },
    ...(!password && { warning: OPEN_REDIS }),
    stop: () => gateway.close(),
  };
}

async function gatewayToOwnRedis(say: (line: string) => void): Promise<ChosenStore> {
  const redis = await startOwnRedis(say);
  const gateway = await startGateway({
    redisOptions: { path: redis.socket },
    token: newToken(),
  });
  return {
    line: `${redis.program}, started for this process; it forgets everything on exit`,
    name: redis.program,
    variables: { ...gatewayVariables(gateway), HEADGATE_SECRET: newToken() },
    stop: async () => {
      await gateway.close();
      await redis.stop();
    },
  };
}

async function gatewayToEmbedded(): Promise<ChosenStore> {
  const gateway = await serveStore(await openEmbeddedStore(), { token: newToken() });
  return {
    line: "embedded in this process, without Redis; it forgets everything on exit",
    name: "the embedded store",
    variables: { ...gatewayVariables(gateway), HEADGATE_SECRET: newToken() },
    stop: () => gateway.close(),
  };
}

function gatewayVariables(gateway: { url: string; token: string }) {
  return {
    UPSTASH_REDIS_REST_URL: gateway.url,
    UPSTASH_REDIS_REST_TOKEN: gateway.token,
  };
}

function newToken(): string {
  return randomBytes(32).toString("base64url");
}
