import { settingsError, isToken, trimVariables, type Variables } from "./settings.ts";
import {
  readRedisAddress,
  readHttpAddress,
  REDIS_ADDRESS,
  type RedisAddress,
  REST_ADDRESS,
  REST_TOKEN,
} from "./store-address.ts";

/** A store by REST that the environment names, as it was read. */
export interface NamedRest {
  readonly by: "rest";
  /** The variable that holds its address. */
  readonly variable: string;
  readonly url: string;
  readonly token: string;
}

/** A REST store has both; the first pair of which anything is set is the one that is used. */
const PAIRS = [
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  ["KV_REST_API_URL", "KV_REST_API_TOKEN"],
] as const;

/**
 * Reads which REST store the environment names: by UPSTASH_REDIS_REST_URL and
 * UPSTASH_REDIS_REST_TOKEN, else by KV_REST_API_URL and KV_REST_API_TOKEN, as Vercel's integration
 * calls them.
 *
 * @returns undefined where none of them is set
 * @throws {SettingsError} ENV_INVALID, which names each variable at fault and never what it holds
 */
export function namedRest(env: Variables): NamedRest | undefined {
  const set = trimVariables(env);
  const pair = PAIRS.find((names) => names.some((name) => set[name] !== undefined));
  return pair && restStore(pair, set);
}

/**
 * Reads a Redis from the variable that holds its address. Which variable that is, the caller says: a
 * REDIS_URL may be another program's.
 *
 * @returns undefined where it is not set
 * @throws {SettingsError} ENV_INVALID where it cannot be used, or names a database of a Redis Cluster
 * @example redisIn(process.env, "REDIS_URL")?.host
 */
export function redisIn(env: Variables, variable: string): RedisAddress | undefined {
  const { [variable]: text, HEADGATE_CLUSTER } = trimVariables(env);
  if (text === undefined) return undefined;
  const address = readRedisAddress(text);
  if (!address) throw settingsError({ [variable]: REDIS_ADDRESS });
  if (HEADGATE_CLUSTER === "1" && address.db !== 0) {
    const words = "without a database where HEADGATE_CLUSTER is 1: a cluster has database 0 alone";
    throw settingsError({ [variable]: words });
  }
  return address;
}

type Pair = (typeof PAIRS)[number];

function restStore([urlName, tokenName]: Pair, set: Variables): NamedRest {
  const { [urlName]: given, [tokenName]: token } = set;
  if (given === undefined) throw settingsError({ [urlName]: `set, since ${tokenName} is` });
  if (token === undefined) throw settingsError({ [tokenName]: `set, since ${urlName} is` });
  const url = readHttpAddress(given);
  if (url && isToken(token)) return { by: "rest", variable: urlName, url, token };
  throw settingsError({
    ...(!url && { [urlName]: REST_ADDRESS }),
    ...(!isToken(token) && { [tokenName]: REST_TOKEN }),
  });
}
