import { fromEnv, type HeadgateEnvironment } from "headgate";
import {
  settingsError,
  readPlain,
  processVariables,
  readAll,
  readVariables,
  readSecret,
  trimVariables,
  type Variables,
  type VariableTable,
} from "headgate/settings";
import { type OtelEnvironment, readOtelEnvironment } from "./otel-env.ts";

/** The environment that the sample's gate reads, also at the edge, and therefore without zod. */
export interface GateEnvironment extends HeadgateEnvironment {
  /** The secrets and the audience that verify a user's token. */
  readonly auth: { readonly secrets: readonly string[]; readonly audience: string };
  /** Milliseconds between two writes of counters; when undefined, the platform's default. */
  readonly metricsWindowMs: number | undefined;
  /** Where traces and metrics are sent; undefined for nowhere. */
  readonly otel: OtelEnvironment | undefined;
}

const SECRET = "at least 32 characters without quotes around them";

/** The sample's variables that its gate reads to verify users' tokens. */
export const AUTH_VARIABLES = {
  AUTH_SECRET: { read: readSecret, mustBe: SECRET },
  AUTH_SECRET_PREVIOUS: { read: readSecret, mustBe: SECRET },
  AUTH_AUDIENCE: {
    read: readPlain,
    mustBe: "the `aud` of the app's tokens, without quotes around it",
    standard: "headgate",
  },
} as const satisfies VariableTable;

/** How often the sample's gate writes its counters. */
export const METRICS_VARIABLES = {
  METRICS_WINDOW_MS: {
    read: (text) => {
      const ms = /^\d{3,5}$/.test(text) ? Number(text) : 0;
      return ms >= 100 && ms <= 25_000 ? ms : undefined;
    },
    mustBe: "a whole number of milliseconds from 100 to 25000",
  },
} as const satisfies VariableTable;

/**
 * Reads Headgate's variables and those of the sample's tokens. REDIS_URL names the store when no REST
 * store is named: the app with proxy.ts, in Node, connects to it by TCP.
 *
 * @throws {SettingsError} ENV_INVALID, which names every wrong variable
 * @throws {HeadgateError} CLIENT_ADDRESS_UNKNOWN when no variable and no platform names the source of
 * client addresses
 */
export function readGateEnvironment(source: Variables): GateEnvironment {
  const { headgate, auth, metrics, otel } = readAll({
    headgate: () => fromEnv(source, { redisVariable: "REDIS_URL" }),
    auth: () => authOf(trimVariables(source)),
    metrics: () => readVariables(METRICS_VARIABLES, trimVariables(source)),
    otel: () => readOtelEnvironment(trimVariables(source)),
  });
  return { ...headgate, auth, metricsWindowMs: metrics.METRICS_WINDOW_MS, otel };
}

function authOf(set: Variables): GateEnvironment["auth"] {
  const { AUTH_SECRET, AUTH_SECRET_PREVIOUS, AUTH_AUDIENCE } = readVariables(AUTH_VARIABLES, set);
  if (AUTH_SECRET_PREVIOUS && !AUTH_SECRET) {
    throw settingsError({ AUTH_SECRET: "set when AUTH_SECRET_PREVIOUS is set" });
  }
  const secrets = [AUTH_SECRET, AUTH_SECRET_PREVIOUS].filter((text) => text !== undefined);
  return { secrets, audience: AUTH_AUDIENCE };
}

let read: GateEnvironment | undefined;

/** Returns the environment of this process's gate, which is read at the first call. */
export function gateEnvironment(): GateEnvironment {
  read ??= readGateEnvironment(processVariables());
  return read;
}
