import type { HeadgateError } from "#lib/core/errors";
import { namedRest, redisIn } from "#lib/core/named-store";
import { namespaceOf } from "#lib/core/namespace";
import { NEXT_MAX_BODY } from "#lib/core/next-body-size";
import { settingsError, readAll, trimVariables, type Variables } from "#lib/core/settings";
import type { RedisAddress } from "#lib/core/store-address";
import { readVariables } from "#lib/core/variable-table";
import type { FromEnvOptions, HeadgateEnvironment } from "./environment.ts";
import { GATE_VARIABLES } from "./gate-variables.ts";
import { type AddressSource, addressSource } from "#lib/identity/address-source";
import { secretOf } from "#lib/identity/derived-secret";

/**
 * Reads Headgate's variables: those of docs/reference/environment.md that the gate reads, and no
 * others. Blanks and line breaks around a value are removed, and an empty variable counts as unset.
 *
 * @param source the variables
 * @returns the settings. When no store is named, or no variable says where addresses come from, `missing` is
 * the error with which a start must end; development needs neither
 * @throws {SettingsError} ENV_INVALID for variables that are set and cannot be used: it names every
 * variable at fault and what it must be, never its value, which may be a secret
 * @throws {HeadgateError} CLIENT_ADDRESS_UNKNOWN where CLIENT_IP_FROM cannot be honoured
 * @example
 * const { store, namespace } = fromEnv();
 * @example
 * fromEnv(process.env, { redisVariable: "REDIS_URL" }).store.url; // "redis://127.0.0.1:6379"
 */
export function fromEnv(
  source: Variables = processVariables(),
  { redisVariable }: FromEnvOptions = {},
): HeadgateEnvironment {
  const set = setOf(source, redisVariable);
  const platform = platformOf(set);
  const readers = {
    own: () => readVariables(GATE_VARIABLES, set),
    batches: () => refuseBatches(set, platform),
    redis: () => readRedis(set, redisVariable),
    store: () => storeOf(set, redisVariable),
    address: () => addressOf(set, platform),
  };
  const { own, redis, store, address } = readAll(readers);
  const missing = store.missing ?? address.missing;
  const namespace = namespaceOf(set);
  const secret = own.HEADGATE_SECRET ?? store.secret;
  const isOpen = secret === NO_STORE_SECRET || isDerivedFromOpen(secret, redis);
  const isGuessable = own.HEADGATE_SECRET_GUESSABLE === "1" || isOpen;
  return {
    store: { url: store.url, token: store.token, deadlineMs: own.HEADGATE_STORE_DEADLINE_MS },
    cluster: own.HEADGATE_CLUSTER,
    batches: own.HEADGATE_JOIN,
    namespace: namespace.name,
    isNamespaceShared: namespace.isShared,
    mode: own.HEADGATE_MODE,
    secret,
    isSecretSet: own.HEADGATE_SECRET !== undefined && own.HEADGATE_SECRET_DERIVED !== "1",
    previousSecret: own.HEADGATE_SECRET_PREVIOUS,
    visitorSecret: isGuessable ? undefined : secret,
    clientAddress: address.source,
    ipv6Prefix: own.CLIENT_IPV6_PREFIX,
    corsOrigins: own.CORS_ORIGINS,
    corsExposedHeaders: own.CORS_EXPOSED_HEADERS,
    legacyHeaders: own.HEADGATE_LEGACY_HEADERS,
    nextMaxBody: platform === undefined ? NEXT_MAX_BODY : undefined,
    ...(missing && { missing, hasStart: platform === undefined }),
  };
}

/**
 * Returns the variables of this process, and the app's name as next.config has it: Next writes that
 * into the code at build. A name in the process takes precedence.
 *
 * @example
 * const { PORT } = trimVariables(processVariables());
 */
export function processVariables(): Variables {
  return { HEADGATE_APP: process.env["HEADGATE_APP"], ...process.env };
}

/** Returns the app's rewrites as JSON: Next replaces this expression with next.config's value at build. */
export function builtRewrites(): string | undefined {
  return process.env["HEADGATE_REWRITES"];
}

/** Returns those of the gate's variables that are set. */
function setOf(source: Variables, redisVariable: string | undefined) {
  const names = Object.keys(GATE_VARIABLES);
  if (redisVariable !== undefined) names.push(redisVariable);
  return trimVariables(Object.fromEntries(names.map((name) => [name, source[name]])));
}

/** Returns the platform that serves the app. There a request must not wait for another request's call. */
function platformOf({ VERCEL, HEADGATE_SERVER }: Variables): "workers" | "vercel" | undefined {
  if (globalThis.navigator?.userAgent === "Cloudflare-Workers") return "workers";
  return VERCEL === "1" && HEADGATE_SERVER !== "1" ? "vercel" : undefined;
}

function refuseBatches({ HEADGATE_JOIN }: Variables, platform: string | undefined): void {
  if (platform !== undefined && HEADGATE_JOIN === "1") {
    throw settingsError({ HEADGATE_JOIN: GATE_VARIABLES.HEADGATE_JOIN.mustBe });
  }
}

/** Returns the Redis that the app's variable names. It must be an address even when a REST store is used. */
function readRedis(set: Variables, variable: string | undefined): RedisAddress | undefined {
  return variable === undefined ? undefined : redisIn({ [variable]: set[variable] }, variable);
}

/** A setting that may be missing: a start then ends with an error, and a request does not. */
interface MayBeMissing {
  readonly missing?: HeadgateError;
}

/** A store that is not named has no address. Development and HEADGATE_MODE=off need none. */
function storeOf(set: Variables, redisVariable: string | undefined): MayBeMissing & StoreNamed {
  const rest = namedRest(set);
  if (rest) return { url: rest.url, token: rest.token, secret: `headgate:${rest.token}` };
  const redis = redisVariable === undefined ? undefined : redisIn(set, redisVariable);
  if (redis) return { url: redis.href, token: "", secret: secretOf(redis.href) };
  const none = { url: undefined, token: "", secret: NO_STORE_SECRET };
  const isNeeded = set["NODE_ENV"] !== "development" && set["HEADGATE_MODE"] !== "off";
  return isNeeded ? { ...none, missing: settingsError(NO_STORE) } : none;
}

interface StoreNamed {
  readonly url: string | undefined;
  readonly token: string;
  readonly secret: string;
}

/** The secret without a store. It may be public, since no hash that it keys leaves the process. */
const NO_STORE_SECRET = "headgate:no-store";

const NO_STORE = {
  UPSTASH_REDIS_REST_URL:
    "set to the store's REST address, since the edge has no TCP: for redis:// run `headgate gateway`, or, in Node alone, use headgate/tcp",
  UPSTASH_REDIS_REST_TOKEN: "set too",
};

function addressOf(
  set: Variables,
  platform: string | undefined,
): MayBeMissing & { readonly source?: AddressSource | undefined } {
  const { CLIENT_IP_FROM, HEADGATE_SOCKET_NONCE, VERCEL, NODE_ENV, HEADGATE_MODE } = set;
  try {
    const source = addressSource({
      clientIpFrom: CLIENT_IP_FROM,
      socketNonce: HEADGATE_SOCKET_NONCE,
      onVercel: VERCEL === "1",
      onCloudflare: platform === "workers",
      // A gate that does not count needs no address.
      production: NODE_ENV === "production" && HEADGATE_MODE !== "off",
    });
    return { source };
  } catch (error) {
    if (CLIENT_IP_FROM !== undefined) throw error;
    return { missing: error as HeadgateError };
  }
}

/** Returns true for a secret that a client can derive too, since the address of the Redis holds no password. */
function isDerivedFromOpen(secret: string, redis: RedisAddress | undefined): boolean {
  return redis !== undefined && !redis.password && secret === secretOf(redis.href);
}
