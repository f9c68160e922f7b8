import { GATE_VARIABLES } from "./gate-variables.ts";

/** The programs of Headgate's that read variables. */
export type Program = "gate" | "server" | "gateway" | "build" | "cli";

/** The properties of a variable that a program of Headgate's reads. */
export interface KnownVariable {
  readonly by: readonly Program[];
  /** Whether its value may be a secret. */
  readonly isSecret?: true;
}

const byServer: KnownVariable = { by: ["server"] };
const byGateway: KnownVariable = { by: ["gateway"] };
const byBoth: KnownVariable = { by: ["gate", "server"] };
const store: KnownVariable = { by: ["gate", "server"], isSecret: true };

const byGate = Object.fromEntries(
  Object.keys(GATE_VARIABLES).map((name): [string, KnownVariable] => [name, { by: ["gate"] }]),
);

/**
 * Every variable that a program of Headgate's reads, by its name. docs/reference/environment.md has the
 * same list, and no file of lib reads another variable.
 */
export const VARIABLES: Readonly<Record<string, KnownVariable>> = {
  ...byGate,
  UPSTASH_REDIS_REST_URL: store,
  UPSTASH_REDIS_REST_TOKEN: store,
  KV_REST_API_URL: store,
  KV_REST_API_TOKEN: store,
  HEADGATE_SECRET: store,
  HEADGATE_SECRET_PREVIOUS: { by: ["gate"], isSecret: true },
  HEADGATE_SOCKET_NONCE: { by: ["gate"], isSecret: true },
  // Next writes the rewrites of next.config into the code at build.
  HEADGATE_REWRITES: { by: ["gate"] },
  HEADGATE_MODE: byBoth,
  HEADGATE_JOIN: byBoth,
  CLIENT_IP_FROM: byBoth,
  HEADGATE_CLUSTER: { by: ["gate", "server", "gateway"] },
  REDIS_URL: { by: ["server", "gateway"], isSecret: true },
  HEADGATE_STORE: byServer,
  PORT: byServer,
  HOST: byServer,
  MAX_BODY_BYTES: byServer,
  HEADERS_TIMEOUT: byServer,
  REQUEST_TIMEOUT: byServer,
  KEEP_ALIVE_TIMEOUT: byServer,
  SOCKET_TIMEOUT: byServer,
  HEADGATE_BATCH: byServer,
  PATH: byServer,
  GATEWAY_HOST: byGateway,
  GATEWAY_PORT: byGateway,
  GATEWAY_TOKEN: { by: ["gateway"], isSecret: true },
  GATEWAY_ALLOW_SHARED: byGateway,
  CI: { by: ["build"] },
  SSH_CONNECTION: { by: ["cli"], isSecret: true },
};
