import { randomBytes } from "node:crypto";
import { HeadgateError } from "#lib/core/errors";
import { secretOf } from "#lib/identity/derived-secret";
import { openEmbeddedStore } from "#lib/gateway/embedded/store";
import { serveStore, startGateway } from "#lib/gateway/server";
import { clusterFlag } from "./cluster-flag.ts";
import { hasOwnRedis, startOwnRedis } from "./own-redis.ts";

/** The store that was chosen, as variables for the app and a line for the person who started it. */
export interface ChosenStore {
  readonly line: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly warning?: string;
  stop(): Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Chooses the store: an Upstash REST store that the environment names; else our gateway in front of
 * REDIS_URL; else in front of a store of our own: the redis-server or valkey-server on the PATH, and
 * where there is none the embedded store. HEADGATE_STORE chooses between these two.
 *
 * @throws {HeadgateError} ENV_INVALID or STORE_NOT_FOUND, with what to do
 */
export async function chooseStore(
  env: Variables,
  say: (line: string) => void,
): Promise<ChosenStore> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, REDIS_URL } = env;
  const own = ownStore(env);
  if (url || token) return upstashStore(url, token);
  const cluster = clusterFlag(env["HEADGATE_CLUSTER"]);
  const chosen = await (REDIS_URL ? gatewayToRedis(REDIS_URL, cluster) : own(say));
  // A secret that a person set stands before what we derive, and needs no warning.
  const { HEADGATE_SECRET } = env;
  if (!HEADGATE_SECRET) return chosen;
  const { warning: _, ...rest } = chosen;
  return { ...rest, variables: { ...chosen.variables, HEADGATE_SECRET } };
}

/** The store of our own for a machine that names none. */
function ownStore(env: Variables): (say: (line: string) => void) => Promise<ChosenStore> {
  const { HEADGATE_STORE } = env;
  if (!HEADGATE_STORE) return hasOwnRedis() ? gatewayToOwnRedis : gatewayToEmbedded;
  const named = CONFIGURED.find((name) => env[name]);
  if (named) {
    throw new HeadgateError(
      "ENV_INVALID",
      `HEADGATE_STORE chooses a store of our own, and ${named} names another: unset one of them.`,
    );
  }
  if (HEADGATE_STORE === "embedded") return gatewayToEmbedded;
  if (HEADGATE_STORE === "redis") return gatewayToOwnRedis;
  throw new HeadgateError("ENV_INVALID", 'HEADGATE_STORE: allowed are "redis" and "embedded".');
}

const CONFIGURED = ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "REDIS_URL"] as const;

function upstashStore(url: string | undefined, token: string | undefined): ChosenStore {
  if (!url || !token) {
    const missing = url ? "UPSTASH_REDIS_REST_TOKEN" : "UPSTASH_REDIS_REST_URL";
    throw new HeadgateError("ENV_INVALID", `${missing} is not set; a REST store needs both.`);
  }
  const host = URL.canParse(url) ? new URL(url).host : "an address that cannot be read";
  return { line: `Upstash REST at ${host}`, variables: {}, stop: async () => {} };
}

async function gatewayToRedis(redisUrl: string, cluster: boolean): Promise<ChosenStore> {
  if (!URL.canParse(redisUrl) || !/^rediss?:$/.test(new URL(redisUrl).protocol)) {
    throw new HeadgateError(
      "ENV_INVALID",
      "REDIS_URL cannot be read; allowed: redis://[user:password@]host[:port][/db], or rediss:// for TLS.",
    );
  }
  const { host, password } = new URL(redisUrl);
  const report = (line: string) => console.error(line);
  const gateway = await startGateway({ redisUrl, cluster, token: newToken(), report });
  return {
    line: `Redis ${cluster ? "Cluster " : ""}at ${host}, through our own gateway`,
    variables: {
      ...gatewayVariables(gateway),
      // Every instance of this Redis derives the same, so that all count a client by one name.
      HEADGATE_SECRET: secretOf(redisUrl),
    },
    ...(!password && {
      warning:
        "REDIS_URL holds no password, so the hashes of clients are keyed by nothing secret: set HEADGATE_SECRET.",
    }),
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
