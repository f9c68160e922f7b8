import { live } from "#lib/control/live";
import { createHeadgate, type Gate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { HeadgateError } from "#lib/core/errors";
import { trimVariables, type Variables } from "#lib/core/settings";
import type { AnyPolicy } from "#lib/policy/define";
import type { BreakerSettings } from "#lib/redis/requester";
import type { Requester } from "#lib/redis/upstash-protocol";
import { loadEnvFiles } from "#lib/server/env-files";
import { namedStore, type NamedStore } from "#lib/server/named-store";
import { packageName } from "#lib/server/package-name";
import { runningStore, type StoreAddress } from "#lib/server/running-store";
import { madeSecret, runningApp } from "../running-app.ts";

/** The gate of an app, in a command. */
export interface OpenGate {
  readonly gate: Gate<AnyPolicy>;
  /** Closes the connection. */
  close(): Promise<void>;
}

/** The shortest deadline of a call, in milliseconds, because a first connection takes longer than a check. */
const DEADLINE_MS = 3000;

/**
 * Makes the gate of the app in a folder as the app does: with the store and the secret of the environment and
 * its files, or of the app that runs there. It has no listener for events.
 *
 * @throws {HeadgateError} STORE_NOT_FOUND, ENV_INVALID, or PACKAGE_MISSING when REDIS_URL needs ioredis
 */
export async function openGate(root: string, policy: AnyPolicy): Promise<OpenGate> {
  const running = runningStore(root);
  const isDevelopment = process.env["NODE_ENV"] === "development";
  const filesOf = isDevelopment ? "development" : (running?.mode ?? "production");
  loadEnvFiles(root, filesOf);
  const named = namedStore(process.env);
  const own = runningApp(root, named);
  const mode = isDevelopment ? "development" : (own?.mode ?? "production");
  const environment = fromEnv(variablesOf(root, named, { running, own, mode }), {
    redisVariable: "REDIS_URL",
  });
  // No request comes here, so the source of addresses is not needed.
  const { missing: _, hasStart: __, ...settings } = environment;
  const { store, cluster } = settings;
  const deadlineMs = Math.max(store.deadlineMs, DEADLINE_MS);
  const tcp = named?.by === "tcp" ? await tcpTo(named, cluster) : undefined;
  const gate = createHeadgate(policy, {
    ...settings,
    store: { ...store, deadlineMs },
    batches: false,
    onEvent: [],
    // With `live` a reset is announced to instances.
    live,
    ...(tcp && { connect: tcp.connect }),
  });
  return { gate, close: async () => tcp?.close() };
}

interface Running {
  readonly running: StoreAddress | undefined;
  /** The running app, when its store is used. */
  readonly own: StoreAddress | undefined;
  readonly mode: "development" | "production";
}

function variablesOf(
  root: string,
  named: NamedStore | undefined,
  { running, own, mode }: Running,
): Variables {
  const set = trimVariables(process.env);
  const store = named ? {} : storeOf(running);
  if (own?.isSecretSet && !set["HEADGATE_SECRET"]) {
    throw new HeadgateError(
      "ENV_INVALID",
      "HEADGATE_SECRET must be the same as for the app that runs here: client keys are made with it.",
    );
  }
  return {
    HEADGATE_APP: packageName(root),
    ...(own && !set["HEADGATE_SECRET"] && madeSecret(own)),
    ...set,
    ...store,
    NODE_ENV: mode,
    CLIENT_IP_FROM: undefined,
  };
}

/** @throws {HeadgateError} STORE_NOT_FOUND when no app runs here */
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

/** Connects over TCP. Loaded only when needed, because ioredis is an optional package. */
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
      // A client that never connected has nothing to close, and its error does not matter.
      await Promise.allSettled(opened.map((client) => client.close()));
    },
  };
}
