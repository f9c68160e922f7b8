import { invalidSettings, isToken, setVariables, type Variables } from "./settings.ts";
import {
  readRedisAddress,
  readHttpAddress,
  REDIS_ADDRESS,
  type RedisAddress,
  REST_ADDRESS,
  REST_TOKEN,
} from "./store-address.ts";

/** The store that the environment names, as it was read. */
export type NamedStore =
  | {
      readonly by: "rest";
      /** The variable that holds its address. */
      readonly variable: string;
      readonly url: string;
      readonly token: string;
    }
  | { readonly by: "tcp"; readonly address: RedisAddress };

/** What each variable of a store must be, for errors. */
export const STORE_VARIABLES = {
  UPSTASH_REDIS_REST_URL: REST_ADDRESS,
  UPSTASH_REDIS_REST_TOKEN: REST_TOKEN,
  KV_REST_API_URL: REST_ADDRESS,
  KV_REST_API_TOKEN: REST_TOKEN,
  REDIS_URL: REDIS_ADDRESS,
} as const;

/** A REST store has both; the first pair of which anything is set is the one that is used. */
const PAIRS = [
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  ["KV_REST_API_URL", "KV_REST_API_TOKEN"],
] as const;

/**
 * Reads which store the environment names: a REST store by UPSTASH_REDIS_REST_URL and
 * UPSTASH_REDIS_REST_TOKEN, else by KV_REST_API_URL and KV_REST_API_TOKEN, as Vercel's integration
 * calls them, else a Redis by REDIS_URL.
 *
 * @returns undefined where no store is named
 * @throws {HeadgateError} ENV_INVALID, which names each variable at fault and never what it holds
 */
export function namedStore(env: Variables): NamedStore | undefined {
  const set = setVariables(env);
  const pair = PAIRS.find((names) => names.some((name) => set[name] !== undefined));
  if (pair) return restStore(pair, set);
  const address = namedRedis(set);
  return address && { by: "tcp", address };
}

/**
 * Reads REDIS_URL.
 *
 * @returns undefined where it is not set
 * @throws {HeadgateError} ENV_INVALID where it cannot be used, or names a database of a Redis Cluster
 */
export function namedRedis(env: Variables): RedisAddress | undefined {
  const { REDIS_URL, HEADGATE_CLUSTER } = setVariables(env);
  if (REDIS_URL === undefined) return undefined;
  const address = readRedisAddress(REDIS_URL);
  if (!address) throw invalidSettings({ REDIS_URL: STORE_VARIABLES.REDIS_URL });
  if (HEADGATE_CLUSTER === "1" && address.db !== 0) {
    const words = "without a database where HEADGATE_CLUSTER is 1: a cluster has database 0 alone";
    throw invalidSettings({ REDIS_URL: words });
  }
  return address;
}

type Pair = (typeof PAIRS)[number];

function restStore([urlName, tokenName]: Pair, set: Variables): NamedStore {
  const { [urlName]: given, [tokenName]: token } = set;
  if (given === undefined) throw invalidSettings({ [urlName]: `set, since ${tokenName} is` });
  if (token === undefined) throw invalidSettings({ [tokenName]: `set, since ${urlName} is` });
  const url = readHttpAddress(given);
  if (url && isToken(token)) return { by: "rest", variable: urlName, url, token };
  throw invalidSettings({
    ...(!url && { [urlName]: REST_ADDRESS }),
    ...(!isToken(token) && { [tokenName]: REST_TOKEN }),
  });
}
