import { settingsError, isToken, trimVariables, type Variables } from "./settings.ts";
import {
  readRedisAddress,
  readHttpAddress,
  REDIS_ADDRESS,
  type RedisAddress,
  REST_ADDRESS,
  REST_TOKEN,
} from "./store-address.ts";

/** A store over REST, read from the environment. */
export interface NamedRest {
  readonly by: "rest";
  /** The variable that holds its address. */
  readonly variable: string;
  readonly url: string;
  readonly token: string;
}

/** The variables of a REST store. The first pair with at least one variable set is used. */
const PAIRS = [
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  ["KV_REST_API_URL", "KV_REST_API_TOKEN"],
] as const;

/**
 * Reads the REST store from the environment: from UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, else
 * from KV_REST_API_URL and KV_REST_API_TOKEN, the names of Vercel's integration.
 *
 * @returns undefined when all four are unset
 * @throws {SettingsError} ENV_INVALID, which names each variable at fault and never its value
 */
export function namedRest(env: Variables): NamedRest | undefined {
  const set = trimVariables(env);
  const pair = PAIRS.find((names) => names.some((name) => set[name] !== undefined));
  return pair && restStore(pair, set);
}

/**
 * Reads the address of a Redis from a variable. The caller names the variable, because REDIS_URL may belong
 * to another program.
 *
 * @returns undefined when the variable is not set
 * @throws {SettingsError} ENV_INVALID when the address is invalid, or names a database of a Redis Cluster
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
