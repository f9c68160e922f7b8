/** The words about one variable, in Markdown of docs/reference. */
export interface VariableWords {
  /** What the variable sets. */
  readonly sets: string;
  /** The form that the value must have, for a variable whose reader does not state it. */
  readonly mustBe?: string;
  /** What holds when the variable is not set, if that is more than the value in the code. */
  readonly standard?: string;
  /** The program that sets the variable, for one that no person sets. */
  readonly setBy?: string;
}

type Variables = Readonly<Record<string, VariableWords>>;

const STORE: Variables = {
  UPSTASH_REDIS_REST_URL: {
    sets: "the address of the store. Set both variables of the pair, or neither",
    standard: "`KV_REST_API_URL`",
  },
  UPSTASH_REDIS_REST_TOKEN: { sets: "the token of the store", standard: "`KV_REST_API_TOKEN`" },
  KV_REST_API_URL: {
    sets: "the same, under the name of Vercel's integration; read when neither of the pair above is set",
    standard:
      "`headgate start` uses the address of the gateway that it starts. Elsewhere no store is configured: development counts in its process, and a production start fails ([a missing store](../concepts/missing-store.md))",
  },
  KV_REST_API_TOKEN: {
    sets: "the token of that store",
    standard: "`headgate start` uses the token of that gateway",
  },
  REDIS_URL: {
    sets: "the Redis behind the gateway. The gate does not read it, because the edge has no TCP and the variable may belong to another program. The sample passes it to an app with [proxy.ts](../guides/proxy.md)",
    standard: "server: a store that it starts; gateway: `redis://127.0.0.1:6379`",
  },
  HEADGATE_STORE: {
    sets: "which store the server starts when none is configured: a redis-server or valkey-server of the PATH, or the embedded store",
    mustBe: "redis or embedded",
    standard: "`redis` if there is one on the PATH, otherwise `embedded`",
  },
  HEADGATE_STORE_DEADLINE_MS: {
    sets: "the longest time that a store call, or the resolver of an identity, may take",
  },
  HEADGATE_CLUSTER: {
    sets: "whether the store is a [Redis Cluster](../concepts/algorithms.md#on-redis-cluster)",
  },
  HEADGATE_JOIN: {
    sets: "whether store calls at the same time are sent as one batch ([performance](../evidence/performance.md))",
    standard: "`0`, and 1 under `headgate start`",
  },
  PATH: {
    sets: "where the server looks for a redis-server or valkey-server",
    mustBe: "folders",
  },
};

const CLIENTS: Variables = {
  CLIENT_IP_FROM: {
    sets: "the source of the client's address: `hops:n` is the nth entry from the right of X-Forwarded-For, `trusted:CIDR,…` the first entry from the right outside those networks; the platforms are `vercel`, `cloudflare` and `vercel+cloudflare` ([the client's address](../guides/client-address.md))",
    standard:
      "the platform that serves the app: `headgate start`, Vercel or Workers. Elsewhere a production start fails",
  },
  CLIENT_IPV6_PREFIX: { sets: "the bits of an IPv6 address that identify a client" },
  HEADGATE_SECRET: {
    sets: "the key of the hashes that stand for clients",
    standard: "derived from the store's token, or by the server from `REDIS_URL`",
  },
  HEADGATE_SECRET_PREVIOUS: {
    sets: "the secret before: entries of clients that were blocked, allowed or given another limit with it remain in force ([in an incident](../operate/incident.md))",
  },
  HEADGATE_NAMESPACE: {
    sets: "the beginning of all keys",
    standard:
      "8 characters that stand for the app (`VERCEL_PROJECT_ID`, or the name in package.json) and its environment (`VERCEL_ENV`, or development or production)",
  },
};

const RESPONSES: Variables = {
  HEADGATE_MODE: {
    sets: "how decisions are applied. With `shadow` requests are counted and not denied. With `off` the store is not called and not needed. A body that Next would truncate is denied in each mode. It is read at the start",
  },
  HEADGATE_LEGACY_HEADERS: {
    sets: "whether X-RateLimit-* headers are sent: `1` sends them beside RateLimit, `only` instead of it ([headers](headers.md))",
  },
  CORS_ORIGINS: {
    sets: "the origins that may read the responses of checked routes. A listed origin may read a denial with credentials too. Preflights are left to the app",
    standard: "none",
  },
  CORS_EXPOSED_HEADERS: {
    sets: "the headers of handlers that pages of these origins may read beside those of the limits",
    standard: "none",
  },
};

const SERVER: Variables = {
  PORT: { sets: "the port of the server; 0 for a free one", standard: "`3000`" },
  HOST: { sets: "the address on which the server listens", standard: "`127.0.0.1`" },
  MAX_BODY_BYTES: {
    sets: "the largest body that the server accepts, in bytes. Next keeps a body in memory ([large bodies](../operate/server.md#large-bodies))",
    standard: "`1048576`",
  },
  SOCKET_TIMEOUT: {
    sets: "how long the server waits for a byte, in either direction, while it owes a response, in milliseconds. A route may work for that long; 0 turns it off",
    standard: "`300000`, and 0 under `headgate dev`",
  },
  KEEP_ALIVE_TIMEOUT: {
    sets: "how long a connection may wait for its next request, in milliseconds. It must be longer than that of the proxy in front",
    standard: "`65000`",
  },
  HEADERS_TIMEOUT: {
    sets: "how long the headers of a request may take to arrive, in milliseconds; at most `REQUEST_TIMEOUT`",
    standard: "`10000`, or `REQUEST_TIMEOUT` if that is less",
  },
  REQUEST_TIMEOUT: {
    sets: "how long a whole request may take to arrive, in milliseconds",
    standard: "20000, and 1 for each 50 bytes of `MAX_BODY_BYTES`",
  },
  HEADGATE_BATCH: {
    sets: "whether requests that arrive in one turn of the event loop are handed to Next together; 0 turns it off",
    standard: "`1`",
  },
};

const GATEWAY: Variables = {
  GATEWAY_HOST: { sets: "the address on which the gateway listens", standard: "`127.0.0.1`" },
  GATEWAY_PORT: { sets: "the port of the gateway; 0 for a free one", standard: "`8079`" },
  GATEWAY_TOKEN: { sets: "the token that callers must send", standard: "generated and printed" },
  GATEWAY_ALLOW_SHARED: {
    sets: "1 permits the commands that concern other users of the server ([commands that the gateway refuses](gateway-commands.md))",
    mustBe: "a whole number from 0 to 1",
    standard: "`0`",
  },
};

const BY_PROGRAMS: Variables = {
  HEADGATE_APP: {
    sets: "the name in the app's package.json, for the namespace",
    setBy: "`headgate start`, or next.config at the build",
  },
  HEADGATE_REWRITES: {
    sets: "the rewrites of next.config",
    setBy: "`withHeadgate`, or `env` of next.config, at the build",
  },
  HEADGATE_SERVER: { sets: "that `headgate start` serves the app", setBy: "`headgate start`" },
  HEADGATE_SOCKET_NONCE: {
    sets: "proof for the gate that the server wrote the client's address",
    setBy: "`headgate start`",
  },
  HEADGATE_SECRET_DERIVED: {
    sets: "that `HEADGATE_SECRET` was derived from a `REDIS_URL`. Then no entry about one client can be set while the app runs, because another password would make it void",
    setBy: "`headgate start`",
  },
  HEADGATE_SECRET_GUESSABLE: {
    sets: "that `HEADGATE_SECRET` was derived from a `REDIS_URL` without a password, so that it signs no header ([VISITOR_SECRET_GUESSABLE](errors.md#visitor_secret_guessable))",
    setBy: "`headgate start`",
  },
  VERCEL: { sets: "that Vercel serves the app", setBy: "Vercel" },
  CI: {
    sets: "that a platform builds the app: with `VERCEL=1` such a build must have a store",
    setBy: "Vercel",
  },
  VERCEL_ENV: { sets: "the environment, for the namespace", setBy: "Vercel" },
  VERCEL_PROJECT_ID: { sets: "the project, for the namespace", setBy: "Vercel" },
  SSH_CONNECTION: {
    sets: "the address from which a person is connected: `headgate block` warns before it blocks that address",
    setBy: "sshd",
  },
  NODE_ENV: {
    sets: "production or development, for the namespace, and for whether a start without `CLIENT_IP_FROM` fails",
    setBy: "Next, and `headgate start`",
  },
};

/** The words about every variable of Headgate, by the heading of their group. */
export const VARIABLE_GROUPS: Readonly<Record<string, Variables>> = {
  "The store": STORE,
  "Who is counted": CLIENTS,
  Responses: RESPONSES,
  "Our server": SERVER,
  "The gateway": GATEWAY,
  "Set by programs, not by people": BY_PROGRAMS,
};
