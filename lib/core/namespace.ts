import { toBase64 } from "./base64.ts";
import { sha256 } from "./sha256.ts";

/** The variables that a namespace is made of. An empty one counts as unset. */
export interface NamespaceVariables {
  readonly HEADGATE_NAMESPACE?: string | undefined;
  /** The name in the app's package.json, which our server and next.config set. */
  readonly HEADGATE_APP?: string | undefined;
  readonly VERCEL_PROJECT_ID?: string | undefined;
  readonly VERCEL_ENV?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}

/** What the keys of one app in one environment begin with. */
export interface Namespace {
  readonly name: string;
  /** Whether another app on the same Redis could have the same one, since nothing names this app. */
  readonly isShared: boolean;
}

/** Six bytes are 8 characters: each one is paid for in every key of every client. */
const LENGTH = 6;

/**
 * Returns what the keys of this app begin with: HEADGATE_NAMESPACE; else 8 characters that stand for
 * the app (its project id on Vercel, or the name of its package) and its environment (VERCEL_ENV;
 * elsewhere "development" under `next dev` and "production" otherwise). Where nothing names the app,
 * it is the environment on Vercel, and "local" elsewhere.
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

/** In the letters of base64url (RFC 4648), all of which HEADGATE_NAMESPACE may have. */
function shortHash(text: string): string {
  const hash = toBase64(sha256(text).subarray(0, LENGTH));
  return hash.replaceAll("+", "-").replaceAll("/", "_");
}
