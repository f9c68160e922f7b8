import type { Variables } from "headgate/settings";

/** Hosts at which only programs of this machine reach a server, unless a proxy forwards to it. */
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Returns the variable that lets the start page sign in sample users at this machine's addresses. It
 * returns no variable when the server may be a deployment: when AUTH_SECRET is set, when HOST is not a
 * loopback address, or when a variable names a proxy. A value of SAMPLE_SIGN_IN is never overridden.
 */
export function sampleSignIn(env: Variables): Readonly<Record<string, string>> {
  const { SAMPLE_SIGN_IN, AUTH_SECRET, HOST, CLIENT_IP_FROM = "socket", APP_ORIGIN } = env;
  const isSet = SAMPLE_SIGN_IN !== undefined || AUTH_SECRET !== undefined;
  const isProxied = CLIENT_IP_FROM !== "socket" || APP_ORIGIN !== undefined;
  const isOnlyHere = HOST === undefined || LOOPBACK.has(HOST);
  return !isSet && !isProxied && isOnlyHere ? { SAMPLE_SIGN_IN: "loopback" } : {};
}
