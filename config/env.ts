import * as z from "zod/mini";
import type { GateMode } from "#lib/core/mode";
import { NEXT_CUTS_AT } from "#lib/core/next-body-size";
import { namedStore, STORE_VARIABLES } from "#lib/core/named-store";
import {
  invalidSettings,
  isPlain,
  isSecret,
  isToken,
  setVariables,
  type Variables,
} from "#lib/core/settings";
import { readRedisAddress, readHttpAddress } from "#lib/core/store-address";
import { secretOf } from "#lib/identity/derived-secret";
import { DEFAULT_IPV6_PREFIX } from "#lib/identity/canonical-address";
import { type AddressSource, addressSource } from "#lib/identity/address-source";
import { namespaceOf } from "#lib/core/namespace";

/** The environment as the app uses it; README has the table. */
export interface Environment {
  /**
   * By REST; or, where `url` is REDIS_URL's and there is no token, by TCP. `url` is undefined where
   * HEADGATE_MODE is off and no store is named.
   */
  readonly store: {
    readonly url: string | undefined;
    readonly token: string;
    readonly deadlineMs: number;
  };
  /** Whether the store is known to be a Redis Cluster. */
  readonly cluster: boolean;
  /** Whether calls of requests that are served at the same time go together: our own server says so. */
  readonly joins: boolean;
  readonly namespace: string;
  /** Whether another app on the same store could have this namespace, since nothing names the app. */
  readonly isNamespaceShared: boolean;
  /** What becomes of decisions: the switch for an incident. */
  readonly mode: GateMode;
  readonly secret: string;
  /** The secret, where no client can guess it: it signs for whom the app asks itself. */
  readonly visitorSecret: string | undefined;
  readonly clientAddress: AddressSource | undefined;
  /** The bits of an IPv6 address that name a client. */
  readonly ipv6Prefix: number;
  readonly auth: { readonly secrets: readonly string[]; readonly audience: string };
  /** Where the app's own pages are, as browsers name it; undefined: at the request's host. */
  readonly appOrigin: string | undefined;
  /** Where Instagram's API is, and the long-lived token that a connection to it begins with. */
  readonly instagram: { readonly url: string; readonly token: string | undefined };
  readonly corsOrigins: readonly string[];
  /** Headers of handlers that pages of these origins may read. */
  readonly corsExposedHeaders: readonly string[];
  readonly legacyHeaders: boolean | "only";
  /** Where Next cuts a request's body unless next.config says otherwise, in bytes; undefined where it cuts none. */
  readonly cutAt: number | undefined;
}

const plain = z.string().check(z.refine(isPlain));
const secret = z.string().check(z.refine(isSecret));
const token = z.string().check(z.refine(isToken));
/** What was validated is what is handed on. */
const httpAddress = z.string().check(
  z.overwrite((text) => readHttpAddress(text) ?? ""),
  z.minLength(1),
);
const redisAddress = z.string().check(z.refine((text) => readRedisAddress(text) !== undefined));

const schema = z.object({
  UPSTASH_REDIS_REST_URL: z.optional(httpAddress),
  UPSTASH_REDIS_REST_TOKEN: z.optional(token),
  KV_REST_API_URL: z.optional(httpAddress),
  KV_REST_API_TOKEN: z.optional(token),
  REDIS_URL: z.optional(redisAddress),
  HEADGATE_STORE_DEADLINE_MS: z._default(
    z.coerce.number().check(z.int(), z.minimum(10), z.maximum(10_000)),
    500,
  ),
  HEADGATE_CLUSTER: z._default(z.enum(["0", "1"]), "0"),
  HEADGATE_JOIN: z._default(z.enum(["0", "1"]), "0"),
  HEADGATE_NAMESPACE: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/))),
  HEADGATE_MODE: z._default(z.enum(["enforce", "shadow", "off"]), "enforce"),
  HEADGATE_SECRET: z.optional(secret),
  HEADGATE_LEGACY_HEADERS: z._default(z.enum(["0", "1", "only"]), "0"),
  CLIENT_IP_FROM: z.optional(plain),
  CLIENT_IPV6_PREFIX: z._default(
    z.coerce.number().check(z.int(), z.minimum(48), z.maximum(128)),
    DEFAULT_IPV6_PREFIX,
  ),
  CORS_ORIGINS: z._default(plain, ""),
  CORS_EXPOSED_HEADERS: z._default(z.string().check(z.regex(/^[\w!#$%&'*+.^`|~, -]*$/)), ""),
  AUTH_SECRET: z.optional(secret),
  AUTH_SECRET_PREVIOUS: z.optional(secret),
  AUTH_AUDIENCE: z._default(plain, "headgate"),
  APP_ORIGIN: z.optional(plain),
  INSTAGRAM_API_URL: z._default(httpAddress, "https://graph.instagram.com"),
  INSTAGRAM_ACCESS_TOKEN: z.optional(token.check(z.maxLength(1024))),
  INSTAGRAM_STAND_IN: z.optional(httpAddress),
  HEADGATE_APP: z.optional(z.string()),
  HEADGATE_SERVER: z.optional(z.string()),
  HEADGATE_SOCKET_NONCE: z.optional(z.string()),
  VERCEL: z.optional(z.string()),
  VERCEL_ENV: z.optional(z.string()),
  VERCEL_PROJECT_ID: z.optional(z.string()),
  NODE_ENV: z.optional(z.string()),
});

const LEGACY = { "0": false, "1": true, only: "only" } as const;

/** A token goes to nobody else. */
const INSTAGRAM_HOSTS = ["graph.instagram.com", "graph.facebook.com"];

/** What each variable must be, for the error: a schema's own words name no use. */
const MUST_BE: Readonly<Record<string, string>> = {
  ...STORE_VARIABLES,
  HEADGATE_STORE_DEADLINE_MS: "a whole number of milliseconds from 10 to 10000",
  HEADGATE_CLUSTER: "1, where the store is a Redis Cluster, or 0",
  HEADGATE_JOIN:
    "1, where a request may wait for another's call (never on Vercel or Workers), or 0",
  HEADGATE_NAMESPACE: "1 to 64 letters, digits, _ or -",
  HEADGATE_MODE: "enforce, shadow or off",
  HEADGATE_SECRET: "at least 32 characters without quotes around them, the same on all instances",
  HEADGATE_LEGACY_HEADERS: "0, 1 or only",
  AUTH_SECRET: "at least 32 characters without quotes around them",
  AUTH_SECRET_PREVIOUS: "at least 32 characters without quotes around them",
  AUTH_AUDIENCE: "the `aud` of the app's tokens, without quotes around it",
  APP_ORIGIN: "one origin such as https://app.example",
  INSTAGRAM_API_URL: `https, at ${INSTAGRAM_HOSTS.join(" or ")}; in development any address`,
  INSTAGRAM_ACCESS_TOKEN: "a long-lived token of Instagram's, without blanks or quotes",
  INSTAGRAM_STAND_IN: "http on this machine's own loopback, such as http://127.0.0.1:8090",
  CLIENT_IP_FROM:
    "socket, hops:n, trusted:CIDR,…, header:NAME or a platform's name, without quotes around it",
  CLIENT_IPV6_PREFIX: "a whole number of bits from 48 to 128",
  CORS_EXPOSED_HEADERS: "names of headers such as X-Total-Count, separated by commas",
  CORS_ORIGINS: "origins such as https://shop.example, separated by commas, or *",
};

/**
 * Parses the environment. Blanks and line breaks around a value are no part of it, and an empty
 * variable counts as unset.
 *
 * @throws {HeadgateError} ENV_INVALID, which names each variable at fault and what it must be, never
 * what was given: it may be a secret; CLIENT_ADDRESS_UNKNOWN where nothing says whose address to count
 */
export function readEnvironment(source: Variables): Environment {
  const set = setVariables(source);
  const parsed = z.safeParse(schema, set);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => String(issue.path[0])));
  const env = parsed.data;
  const onCloudflare = globalThis.navigator?.userAgent === "Cloudflare-Workers";
  const isPlatform = onCloudflare || (env.VERCEL === "1" && env.HEADGATE_SERVER !== "1");
  refuseContradictions(env, isPlatform);
  const { url, token, secret } = storeOf(set, env.HEADGATE_MODE);
  const namespace = namespaceOf(env);
  const keyed = env.HEADGATE_SECRET ?? secret;
  return {
    store: { url, token, deadlineMs: env.HEADGATE_STORE_DEADLINE_MS },
    cluster: env.HEADGATE_CLUSTER === "1",
    joins: env.HEADGATE_JOIN === "1",
    namespace: namespace.name,
    isNamespaceShared: namespace.isShared,
    mode: env.HEADGATE_MODE,
    secret: keyed,
    visitorSecret: isGuessable(keyed, set) ? undefined : keyed,
    clientAddress: addressSource({
      clientIpFrom: env.CLIENT_IP_FROM,
      socketNonce: env.HEADGATE_SOCKET_NONCE,
      onVercel: env.VERCEL === "1",
      onCloudflare,
      // Where nothing is counted, nothing has to say whose address it would be.
      production: env.NODE_ENV === "production" && env.HEADGATE_MODE !== "off",
    }),
    ipv6Prefix: env.CLIENT_IPV6_PREFIX,
    auth: {
      secrets: [env.AUTH_SECRET, env.AUTH_SECRET_PREVIOUS].filter((s) => s !== undefined),
      audience: env.AUTH_AUDIENCE,
    },
    appOrigin: env.APP_ORIGIN && originOf(env.APP_ORIGIN, "APP_ORIGIN"),
    instagram: { url: instagramUrl(env), token: env.INSTAGRAM_ACCESS_TOKEN },
    corsOrigins: originsOf(env.CORS_ORIGINS),
    corsExposedHeaders: listOf(env.CORS_EXPOSED_HEADERS),
    cutAt: isPlatform ? undefined : NEXT_CUTS_AT,
    legacyHeaders: LEGACY[env.HEADGATE_LEGACY_HEADERS],
  };
}

type Parsed = z.infer<typeof schema>;

/**
 * The store by REST; or by REDIS_URL alone, for an app on Node that reaches it by TCP: a client of REST
 * refuses that address. HEADGATE_MODE=off asks no store, so none has to be named.
 */
function storeOf(set: Variables, mode: GateMode) {
  const named = namedStore(set);
  if (named?.by === "rest") {
    const { url, token } = named;
    return { url, token, secret: `headgate:${token}` };
  }
  if (named) {
    const { href } = named.address;
    return { url: href, token: "", secret: secretOf(href) };
  }
  if (mode !== "off") {
    throw invalid(["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"]);
  }
  // Without a store no hash that it keys is ever kept.
  return { url: undefined, token: "", secret: "headgate:no-store" };
}

/** A secret that was derived from a REDIS_URL without a password, here or by our own server. */
function isGuessable(secret: string, { REDIS_URL = "" }: Variables): boolean {
  const redis = readRedisAddress(REDIS_URL);
  return redis !== undefined && !redis.password && secret === secretOf(redis.href);
}

/** Settings that are right one by one, and cannot work together. */
function refuseContradictions(env: Parsed, isPlatform: boolean): void {
  if (env.AUTH_SECRET_PREVIOUS && !env.AUTH_SECRET) {
    throw invalidSettings({ AUTH_SECRET: "set, since AUTH_SECRET_PREVIOUS is" });
  }
  if (isPlatform && env.HEADGATE_JOIN === "1") throw invalid(["HEADGATE_JOIN"]);
}

/** An origin is compared letter by letter with a header: "https://a.example/" would never match. */
function originsOf(list: string): string[] {
  return listOf(list).map((origin) => {
    return origin === "*" ? origin : originOf(origin, "CORS_ORIGINS");
  });
}

function listOf(list: string): string[] {
  return list
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
}

function originOf(text: string, variable: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) throw invalid([variable]);
  return text;
}

/** A stand-in is on this machine, and has its own variable: no mistake sends a token elsewhere. */
function instagramUrl(env: Parsed): string {
  if (env.INSTAGRAM_STAND_IN) {
    const { protocol, hostname } = new URL(env.INSTAGRAM_STAND_IN);
    const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
    if (protocol !== "http:" || !isLoopback) throw invalid(["INSTAGRAM_STAND_IN"]);
    return env.INSTAGRAM_STAND_IN;
  }
  const { protocol, host } = new URL(env.INSTAGRAM_API_URL);
  const isInstagram = protocol === "https:" && INSTAGRAM_HOSTS.includes(host);
  if (!isInstagram && env.NODE_ENV !== "development") throw invalid(["INSTAGRAM_API_URL"]);
  return env.INSTAGRAM_API_URL;
}

function invalid(names: readonly string[]) {
  return invalidSettings(Object.fromEntries(names.map((name) => [name, MUST_BE[name] ?? "text"])));
}

let parsed: Environment | undefined;

/** The environment of this process, parsed when first asked for and then kept. */
export function environment(): Environment {
  // The app's name is of next.config: Next writes it in the place of this at build. Our server's stands
  // before it, for an app whose next.config names none.
  parsed ??= readEnvironment({ HEADGATE_APP: process.env["HEADGATE_APP"], ...process.env });
  return parsed;
}
