import { isPlain } from "./settings.ts";

/** The address of a Redis for TCP, with its user and password. */
export interface RedisAddress {
  /** The normalized URL: two spellings of the same address have the same `href`. */
  readonly href: string;
  /** A name or an IP address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** The expected form of a REST address, for errors. */
export const REST_ADDRESS =
  "the store's REST address: an https:// or http:// URL without user, password, query, fragment or quotes";

/** The expected form of a REST token, for errors. */
export const REST_TOKEN =
  "the store's REST token alone: visible ASCII characters, without blanks, quotes or `Bearer`";

/** The expected form of a Redis address, for errors. */
export const REDIS_ADDRESS =
  "redis://[user:password@]host[:port][/db], or rediss:// for TLS: percent-encoded, with a number for the database, and without query, fragment or quotes";

/** A host name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(?:[\w.-]+|\[[\d.:a-f]+\])$/i;

const DATABASE = /^\/?$|^\/(0|[1-9]\d{0,4})$/;

const DEFAULT_PORT = 6379;

/**
 * Reads the address of a store's REST API and removes the slashes at its end.
 *
 * @returns undefined when the address is invalid, for example with a password or a query
 * @example readHttpAddress("https://store.example/") // "https://store.example"
 */
export function readHttpAddress(text: string): string | undefined {
  const url = parse(text);
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (!isHttp || url.username || url.password || url.port === "0") return undefined;
  return url.href.replace(/\/+$/, "");
}

/**
 * Reads redis://[user:password@]host[:port][/db], or rediss:// for TLS.
 *
 * @returns undefined when the address is invalid, for example with a database that is no number
 * @example readRedisAddress("redis://127.0.0.1/3")?.db // 3
 */
export function readRedisAddress(text: string): RedisAddress | undefined {
  const url = parse(text);
  const isRedis = url?.protocol === "redis:" || url?.protocol === "rediss:";
  const database = url && DATABASE.exec(url.pathname);
  if (!isRedis || !database || !HOST.test(url.hostname) || url.port === "0") return undefined;
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined) return undefined;
  return {
    href: url.href,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || DEFAULT_PORT),
    db: Number(database[1] ?? 0),
    username: username || undefined,
    password: password || undefined,
    tls: url.protocol === "rediss:",
  };
}

/** Rejects line breaks and blanks: the URL parser would drop or encode them. */
function parse(text: string): URL | undefined {
  const trimmed = text.trim();
  const isUsable = isPlain(trimmed) && !/[\s?#]/.test(trimmed) && URL.canParse(trimmed);
  return isUsable ? new URL(trimmed) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
