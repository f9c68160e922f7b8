import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { HeadgateError } from "#lib/core/errors";
import { settingsError, isPlain, trimVariables, type Variables } from "#lib/core/settings";
import { wholeNumber } from "./whole-number.ts";

/** The host and port on which a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The largest port. */
export const MOST_PORT = 65_535;

/** The form of a host, for errors. */
export const HOST_FORM = "an IP address or a host name, without quotes or brackets";

/**
 * Returns the host and port to listen on, from PORT and HOST.
 *
 * @throws {HeadgateError} ENV_INVALID
 * @example
 * listenAddress({ PORT: "4000" }); // { host: "127.0.0.1", port: 4000 }
 */
export function listenAddress(env: Variables): ListenAddress {
  return { host: hostOf(env, "HOST"), port: wholeNumber(env, "PORT", 3000, 0, MOST_PORT) };
}

/**
 * Returns the host and port on which the gateway listens, from GATEWAY_PORT and GATEWAY_HOST.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function gatewayListensAt(env: Variables): ListenAddress {
  const port = wholeNumber(env, "GATEWAY_PORT", 8079, 0, MOST_PORT);
  return { host: hostOf(env, "GATEWAY_HOST"), port };
}

function hostOf(env: Variables, name: string): string {
  const host = trimVariables(env)[name] ?? "127.0.0.1";
  if (isHost(host)) return host;
  throw settingsError({ [name]: HOST_FORM });
}

/** Returns true for text that may be an IP address or a host name. */
export function isHost(text: string): boolean {
  return isPlain(text) && !/[\s/[\]]/.test(text);
}

/**
 * Starts to listen, and returns the host and port, with the chosen port for port 0.
 *
 * @throws {HeadgateError} ENV_INVALID when it cannot listen
 */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "it is in use" : (cause.code ?? cause.message);
      const message = `Cannot listen on ${host}, port ${port}: ${why}. Choose another: set PORT=4000, or run headgate start --port 4000.`;
      reject(new HeadgateError("ENV_INVALID", message, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  return { host, port: typeof bound === "object" && bound ? bound.port : port };
}

/**
 * Checks that a server can listen, before a build is made for it.
 *
 * @throws {HeadgateError} ENV_INVALID when it cannot listen
 * @example
 * await checkListening({ host: "127.0.0.1", port: 3000 });
 */
export async function checkListening(at: ListenAddress): Promise<void> {
  const server = createServer();
  await listen(server, at);
  server.close();
  await once(server, "close");
}

/** Returns the URL of an address for a browser. */
export function addressOf({ host, port }: ListenAddress): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
