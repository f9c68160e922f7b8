import { settingsError, type Variables } from "#lib/core/settings";
import type { EndedLines } from "#lib/gateway/ended-lines";
import type { HttpSettings } from "#lib/gateway/http-server";
import { wholeNumber } from "./whole-number.ts";

/** 1 MiB, the default bound of Next for the body of a Server Action. */
const DEFAULT_BODY_BYTES = 1_048_576;

/** 1 GiB: Next keeps a body in memory, and Node's buffers hold at most a few GiB. */
const MOST_BODY_BYTES = 1_073_741_824;

/** A body may take as long as on a slow mobile network: 50 bytes a millisecond, and 20 s more. */
const BYTES_A_MS = 50;
const A_WHILE_MS = 20_000;

/** A day: a longer time is probably a mistake in the unit. */
const MOST_MS = 86_400_000;

/** A load balancer keeps idle connections for 60 s by default, and must be the first to close one. */
const KEEP_ALIVE_MS = 65_000;

/** The longest time that most platforms give a route. */
const SOCKET_MS = 300_000;

const AT_MOST_THE_REQUEST = `at most REQUEST_TIMEOUT, which is ${A_WHILE_MS} and 1 for every ${BYTES_A_MS} of MAX_BODY_BYTES unless it is set`;

/** The variables by which a person sets each limit. */
export const SETTING_NAMES: EndedLines["names"] = {
  headersTimeoutMs: "HEADERS_TIMEOUT",
  requestTimeoutMs: "REQUEST_TIMEOUT",
  stalledTimeoutMs: "SOCKET_TIMEOUT",
  headerBytes: "NODE_OPTIONS=--max-http-header-size",
  bodyBytes: "MAX_BODY_BYTES",
};

/** The settings of the app's server that come from the environment. */
export type SetByEnvironment = Pick<
  HttpSettings,
  "bodyBytes" | "headersTimeoutMs" | "requestTimeoutMs" | "keepAliveTimeoutMs" | "stalledTimeoutMs"
>;

/**
 * Returns the largest body of the app's server and its timeouts, from MAX_BODY_BYTES, HEADERS_TIMEOUT,
 * REQUEST_TIMEOUT, KEEP_ALIVE_TIMEOUT and SOCKET_TIMEOUT. In development no response is ended by default, since
 * a route may be compiling, or wait in a debugger.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function httpSettings(env: Variables, dev: boolean): SetByEnvironment {
  const ms = (name: string, standard: number, least = 1) =>
    wholeNumber(env, name, standard, least, MOST_MS);
  const bodyBytes = wholeNumber(env, "MAX_BODY_BYTES", DEFAULT_BODY_BYTES, 1024, MOST_BODY_BYTES);
  const requestTimeoutMs = ms("REQUEST_TIMEOUT", A_WHILE_MS + Math.ceil(bodyBytes / BYTES_A_MS));
  const headersTimeoutMs = ms("HEADERS_TIMEOUT", Math.min(10_000, requestTimeoutMs));
  // The headers are a part of the request.
  if (headersTimeoutMs > requestTimeoutMs) {
    throw settingsError({ HEADERS_TIMEOUT: AT_MOST_THE_REQUEST });
  }
  return {
    bodyBytes,
    requestTimeoutMs,
    headersTimeoutMs,
    keepAliveTimeoutMs: ms("KEEP_ALIVE_TIMEOUT", KEEP_ALIVE_MS),
    stalledTimeoutMs: ms("SOCKET_TIMEOUT", dev ? 0 : SOCKET_MS, 0),
  };
}
