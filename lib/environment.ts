import type { GateMode } from "#lib/core/mode";
import type { HeadgateError } from "#lib/core/errors";
import type { AddressSource } from "#lib/identity/address-source";
import type { LegacyHeaders } from "#lib/respond/headers";

/** The settings that the gate reads from the environment. */
export interface HeadgateEnvironment {
  /**
   * How the store is reached.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), store: { url, token, deadlineMs: 250 } }));
   */
  readonly store: {
    /**
     * The address of its REST API, or, with an empty token, of a Redis by TCP. It is undefined where no
     * store is named: in development, where HEADGATE_MODE is off, and where `missing` says so.
     * @example
     * createHeadgate(policy, () => ({ ...fromEnv(), store: { url, token, deadlineMs: 500 } }));
     */
    readonly url: string | undefined;
    /**
     * The token of its REST API; empty for a Redis by TCP.
     * @example
     * createHeadgate(policy, () => ({ ...fromEnv(), store: { url, token, deadlineMs: 500 } }));
     */
    readonly token: string;
    /**
     * The longest that a call may take, in milliseconds.
     * @example
     * createHeadgate(policy, () => ({ ...fromEnv(), store: { url, token, deadlineMs: 250 } }));
     */
    readonly deadlineMs: number;
  };
  /**
   * Whether the store is known to be a Redis Cluster.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), cluster: true }));
   */
  readonly cluster: boolean;
  /**
   * Whether store calls of requests that are served at the same time are batched, as under our own server.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), batches: false }));
   */
  readonly batches: boolean;
  /**
   * The prefix of every key.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), namespace: "shop" }));
   */
  readonly namespace: string;
  /**
   * Whether another app on the same store could have this namespace, since no variable names the app.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), namespace: "shop", isNamespaceShared: false }));
   */
  readonly isNamespaceShared: boolean;
  /**
   * Whether decisions are enforced, only reported, or not made: the switch for an incident.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), mode: "shadow" }));
   */
  readonly mode: GateMode;
  /**
   * The key of the hashes that stand for clients in the store, of at least 32 characters.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), secret }));
   */
  readonly secret: string;
  /**
   * True where HEADGATE_SECRET is set, and the secret is not derived from the credentials of the store.
   * @default true
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), secret, isSecretSet: true }));
   */
  readonly isSecretSet?: boolean;
  /**
   * HEADGATE_SECRET_PREVIOUS: the secret before its last change; undefined when the variable is not set.
   * @default no previous secret
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), previousSecret: process.env["OLD_SECRET"] }));
   */
  readonly previousSecret?: string | undefined;
  /**
   * The secret that signs the header that names an app's visitor; undefined when a client could guess it.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), visitorSecret: secret }));
   */
  readonly visitorSecret: string | undefined;
  /**
   * Where the client's address comes from. It is undefined in development, with mode "off", and where
   * `missing` says so.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), clientAddress: { from: "vercel" } }));
   */
  readonly clientAddress: AddressSource | undefined;
  /**
   * The bits of an IPv6 address that name a client, from 48 to 128.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), ipv6Prefix: 56 }));
   */
  readonly ipv6Prefix: number;
  /**
   * Origins that may read the responses of checked routes.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), corsOrigins: ["https://shop.example"] }));
   */
  readonly corsOrigins: readonly string[];
  /**
   * Headers of handlers that pages of these origins may read.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), corsExposedHeaders: ["X-Total-Count"] }));
   */
  readonly corsExposedHeaders: readonly string[];
  /**
   * Whether X-RateLimit-* headers are sent beside the standard ones (true), or in their place ("only").
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), legacyHeaders: "only" }));
   */
  readonly legacyHeaders: LegacyHeaders;
  /**
   * The bytes after which Next truncates a body, unless next.config sets others; undefined when it truncates
   * none.
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), nextMaxBody: 20 * 1024 * 1024 }));
   */
  readonly nextMaxBody: number | undefined;
  /**
   * The error for a setting that is required and missing: a store, or where the client's address comes from.
   * When `hasStart` is true, `gate.check()` throws it, so that a server does not start. For a request that
   * arrives without the setting, each rule's `onStoreFailure` decides.
   * @default no setting is missing
   * @example
   * const missing = new HeadgateError("ENV_INVALID", "SHOP_STORE must be set.");
   * createHeadgate(policy, () => ({ ...fromEnv(), missing }));
   */
  readonly missing?: HeadgateError;
  /**
   * Whether the app has a start that `missing` can end: on Vercel and on Workers an app has no start.
   * @default false
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), hasStart: true }));
   */
  readonly hasStart?: boolean;
}

/** Settings of `fromEnv` that no variable holds. */
export interface FromEnvOptions {
  /**
   * The name of the app's variable that holds redis://[user:password@]host[:port][/db], for an app that
   * reaches its store by TCP when no REST store is named.
   * @default no variable, since the edge has no TCP
   * @example
   * fromEnv(process.env, { redisVariable: "REDIS_URL" });
   */
  readonly redisVariable?: string;
}
