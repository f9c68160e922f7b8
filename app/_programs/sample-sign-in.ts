import type { Variables } from "headgate/settings";

/** Where only programs of this machine reach a server, without a proxy before it. */
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Returns the variable that lets the start page sign in sample users at this machine's own addresses.
 * It returns no variable where the server may be a deployment: where AUTH_SECRET is the person's own,
 * where HOST is no loopback address, or where a variable names a proxy. SAMPLE_SIGN_IN itself wins.
 */
export function sampleSignIn(env: Variables): Readonly<Record<string, string>> {
  const { SAMPLE_SIGN_IN, AUTH_SECRET, HOST, CLIENT_IP_FROM = "socket", APP_ORIGIN } = env;
  const isSet = SAMPLE_SIGN_IN !== undefined || AUTH_SECRET !== undefined;
  const isProxied = CLIENT_IP_FROM !== "socket" || APP_ORIGIN !== undefined;
  const isOnlyHere = HOST === undefined || LOOPBACK.has(HOST);
  return !isSet && !isProxied && isOnlyHere ? { SAMPLE_SIGN_IN: "loopback" } : {};
}
