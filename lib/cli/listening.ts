import type { Server } from "node:http";
import { HeadgateError } from "#lib/core/errors";
import { invalidSettings, isPlain, setVariables, type Variables } from "#lib/core/settings";
import type { HttpSettings } from "#lib/gateway/http-server";

/** Where a server listens. */
export interface Bound {
  readonly host: string;
  readonly port: number;
}

/** As much as a Server Action of Next's may have. */
const DEFAULT_BODY_BYTES = 1_048_576;

/** Next would cut a larger one off in silence, where there is middleware, and the handler see a part. */
const MOST_BODY_BYTES = 10_485_760;

/** A body may take as long as a slow mobile network needs: 50 bytes a millisecond, and a while more. */
const BYTES_A_MS = 50;
const A_WHILE_MS = 20_000;

/**
 * Where to listen, from PORT and HOST.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function listenAt(env: Variables): Bound {
  return { host: hostOf(env, "HOST"), port: numberOf(env, "PORT", 3000, 0, 65_535) };
}

/**
 * Where the gateway listens, from GATEWAY_PORT and GATEWAY_HOST.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function gatewayListensAt(env: Variables): Bound {
  const port = numberOf(env, "GATEWAY_PORT", 8079, 0, 65_535);
  return { host: hostOf(env, "GATEWAY_HOST"), port };
}

/**
 * What the server takes of a body, from MAX_BODY_BYTES.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function bodySettings(env: Variables): Pick<HttpSettings, "bodyBytes" | "requestTimeoutMs"> {
  const bodyBytes = numberOf(env, "MAX_BODY_BYTES", DEFAULT_BODY_BYTES, 1024, MOST_BODY_BYTES);
  return { bodyBytes, requestTimeoutMs: A_WHILE_MS + Math.ceil(bodyBytes / BYTES_A_MS) };
}

function hostOf(env: Variables, name: string): string {
  const host = setVariables(env)[name] ?? "127.0.0.1";
  if (isPlain(host) && !/[\s/[\]]/.test(host)) return host;
  throw invalidSettings({ [name]: "an IP address or a host name, without quotes or brackets" });
}

function numberOf(env: Variables, name: string, standard: number, least: number, most: number) {
  const given = setVariables(env)[name] ?? String(standard);
  const number = Number(given);
  if (/^\d+$/.test(given) && number >= least && number <= most) return number;
  throw invalidSettings({ [name]: `a whole number from ${least} to ${most}` });
}

/**
 * Listens; answers where, with the port that was found for port 0.
 *
 * @throws {HeadgateError} ENV_INVALID where it cannot
 */
export async function listen(server: Server, { host, port }: Bound): Promise<Bound> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "it is in use" : (cause.code ?? cause.message);
      const message = `Cannot listen on ${host}, port ${port}: ${why}. Choose another: PORT=4000 npm start`;
      reject(new HeadgateError("ENV_INVALID", message, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  return { host, port: typeof bound === "object" && bound ? bound.port : port };
}

/** The address as a browser takes it. */
export function addressOf({ host, port }: Bound): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
