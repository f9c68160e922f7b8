import { toBase64 } from "./base64.ts";
import { sha256 } from "./sha256.ts";

/** The variables that determine the namespace. An empty variable counts as unset. */
export interface NamespaceVariables {
  readonly HEADGATE_NAMESPACE?: string | undefined;
  /** The name in the app's package.json, which our server and next.config set. */
  readonly HEADGATE_APP?: string | undefined;
  readonly VERCEL_PROJECT_ID?: string | undefined;
  readonly VERCEL_ENV?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}

/** The prefix of all keys of one app in one environment. */
export interface Namespace {
  readonly name: string;
  /** True when another app on the same Redis may have the same prefix, since no variable names this app. */
  readonly isShared: boolean;
}

/** Six bytes are 8 characters. It is short because every key of every client contains it. */
const LENGTH = 6;

/**
 * Returns the prefix of this app's keys: HEADGATE_NAMESPACE if it is set, else a hash of 8 characters of
 * the app and its environment. The app is its project id on Vercel, or the name of its package. The
 * environment is VERCEL_ENV; without it, "development" under `next dev` and "production" otherwise. If no
 * variable names the app, the prefix is the environment on Vercel, and "local" elsewhere.
 *
 * @example namespaceOf({ HEADGATE_APP: "shop", NODE_ENV: "production" }).name; // 8 characters
 */
export function namespaceOf(env: NamespaceVariables): Namespace {
  if (env.HEADGATE_NAMESPACE) return { name: env.HEADGATE_NAMESPACE, isShared: false };
  const app = env.VERCEL_PROJECT_ID || env.HEADGATE_APP;
  if (app) return { name: shortHash(`${app}\n${environmentOf(env)}`), isShared: false };
  const { VERCEL_ENV = "" } = env;
  return { name: /^[a-z]{1,32}$/.test(VERCEL_ENV) ? VERCEL_ENV : "local", isShared: true };
}

/** The warning for the person who starts an app whose namespace is shared. */
export const SHARED_NAMESPACE =
  "nothing names this app, so another app on the same Redis may share its counts: set HEADGATE_NAMESPACE.";

function environmentOf({ VERCEL_ENV, NODE_ENV }: NamespaceVariables): string {
  return VERCEL_ENV || (NODE_ENV === "development" ? "development" : "production");
}

/** Returns base64url (RFC 4648): HEADGATE_NAMESPACE may have all of its characters. */
function shortHash(text: string): string {
  const hash = toBase64(sha256(text).subarray(0, LENGTH));
  return hash.replaceAll("+", "-").replaceAll("/", "_");
}
