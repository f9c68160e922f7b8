import { live } from "#lib/control/live";
import { createHeadgate, type Gate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { HeadgateError } from "#lib/core/errors";
import { trimVariables, type Variables } from "#lib/core/settings";
import type { AnyPolicy } from "#lib/policy/define";
import type { BreakerSettings, Requester } from "#lib/redis/requester";
import { loadEnvFiles } from "#lib/server/env-files";
import { namedStore, type NamedStore } from "#lib/server/named-store";
import { packageName } from "#lib/server/package-name";
import { runningMode, runningStore, type StoreAddress } from "#lib/server/running-store";

/** The gate of an app, in a command. */
export interface OpenGate {
  readonly gate: Gate<AnyPolicy>;
  /** Lets go of the connection. */
  close(): Promise<void>;
}

/** The least that a call may take, in milliseconds: a first connection takes longer than a check. */
const DEADLINE_MS = 3000;

/**
 * Makes the gate of the app in a folder, as the app makes it: with the store and the secret of the environment
 * and its files, or of the app that runs there. It tells no listener.
 *
 * @throws {HeadgateError} STORE_NOT_FOUND, ENV_INVALID, or PACKAGE_MISSING where REDIS_URL needs ioredis
 */
export async function openGate(root: string, policy: AnyPolicy): Promise<OpenGate> {
  const running = runningStore(root);
  const isDevelopment = process.env["NODE_ENV"] === "development";
  const filesOf = isDevelopment ? "development" : (running?.mode ?? "production");
  loadEnvFiles(root, filesOf);
  const named = namedStore(process.env);
  const mode = isDevelopment ? "development" : (runningMode(root, named) ?? "production");
  const environment = fromEnv(variablesOf(root, named, { running, mode }), {
    redisVariable: "REDIS_URL",
  });
  // No request comes here, so that nothing has to say whose address it has.
  const { missing: _, hasStart: __, ...settings } = environment;
  const { store, cluster } = settings;
  const deadlineMs = Math.max(store.deadlineMs, DEADLINE_MS);
  const tcp = named?.by === "tcp" ? await tcpTo(named, cluster) : undefined;
  const gate = createHeadgate(policy, {
    ...settings,
    store: { ...store, deadlineMs },
    joins: false,
    onEvent: [],
    // A reset tells instances of it.
    live,
    ...(tcp && { connect: tcp.connect }),
  });
  return { gate, close: async () => tcp?.close() };
}

interface Running {
  readonly running: StoreAddress | undefined;
  readonly mode: "development" | "production";
}

function variablesOf(
  root: string,
  named: NamedStore | undefined,
  { running, mode }: Running,
): Variables {
  const set = trimVariables(process.env);
  // It is told of an app by its mode, whether the store here is that app's.
  const own = runningMode(root, named) === undefined ? undefined : running;
  const store = named ? {} : storeOf(running);
  if (own?.isSecretSet && !set["HEADGATE_SECRET"]) {
    throw new HeadgateError(
      "ENV_INVALID",
      "HEADGATE_SECRET must be set as it is for the app that runs here: the keys of clients are made with it.",
    );
  }
  return {
    HEADGATE_APP: packageName(root),
    ...(own && !set["HEADGATE_SECRET"] && secretOf(own)),
    ...set,
    ...store,
    NODE_ENV: mode,
    CLIENT_IP_FROM: undefined,
  };
}

/** The secret that the start of an app made or derived, for an environment that sets none. */
function secretOf({ secret, isSecretDerived }: StoreAddress): Variables {
  return {
    HEADGATE_SECRET: secret,
    HEADGATE_SECRET_DERIVED: isSecretDerived ? "1" : undefined,
  };
}

/** @throws {HeadgateError} STORE_NOT_FOUND where no app runs here */
function storeOf(running: StoreAddress | undefined): Variables {
  if (running) {
    return {
      UPSTASH_REDIS_REST_URL: running.url,
      UPSTASH_REDIS_REST_TOKEN: running.token,
    };
  }
  throw new HeadgateError(
    "STORE_NOT_FOUND",
    "No store is named, and no app runs here. Start one (headgate start), or set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL.",
  );
}

interface Tcp {
  readonly connect: (about: BreakerSettings) => Requester;
  close(): Promise<void>;
}

/** Loaded only where it is needed: ioredis is an optional package. */
async function tcpTo(
  { address }: Extract<NamedStore, { readonly by: "tcp" }>,
  cluster: boolean,
): Promise<Tcp> {
  const { connectTcp } = await import("#lib/gateway/direct");
  const opened: { close(): Promise<void> }[] = [];
  return {
    connect(about) {
      const client = connectTcp({ redisUrl: address.href, cluster, ...about });
      opened.push(client);
      return client.requester;
    },
    async close() {
      // One that was never connected has nothing to close.
      await Promise.allSettled(opened.map((client) => client.close()));
    },
  };
}
