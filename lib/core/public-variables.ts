/** Variables of Headgate's that say how it works and hold no secret. */
export const OUR_PUBLIC_VARIABLES: readonly string[] = [
  "APP_ORIGIN",
  "AUTH_AUDIENCE",
  "CLIENT_IP_FROM",
  "CLIENT_IPV6_PREFIX",
  "CORS_EXPOSED_HEADERS",
  "CORS_ORIGINS",
  "HEADGATE_APP",
  "HEADGATE_CLUSTER",
  "HEADGATE_JOIN",
  "HEADGATE_LEGACY_HEADERS",
  "HEADGATE_MODE",
  "HEADGATE_NAMESPACE",
  "HEADGATE_REWRITES",
  "HEADGATE_STORE",
  "HEADGATE_STORE_DEADLINE_MS",
  "HOST",
  "HEADERS_TIMEOUT",
  "KEEP_ALIVE_TIMEOUT",
  "MAX_BODY_BYTES",
  "PORT",
  "REQUEST_TIMEOUT",
  "SOCKET_TIMEOUT",
];

/** What `vercel env pull` writes beside an app's own, and what Next and Node read. */
const OTHERS = [
  "NEXT_TELEMETRY_DISABLED",
  "NODE_ENV",
  "NX_DAEMON",
  "TURBO_CACHE",
  "TURBO_DOWNLOAD_LOCAL_ENABLED",
  "TURBO_REMOTE_ONLY",
  "TURBO_RUN_SUMMARY",
  "VERCEL",
  "VERCEL_BRANCH_URL",
  "VERCEL_DEPLOYMENT_ID",
  "VERCEL_ENV",
  "VERCEL_PROJECT_ID",
  "VERCEL_PROJECT_PRODUCTION_URL",
  "VERCEL_REGION",
  "VERCEL_TARGET_ENV",
  "VERCEL_URL",
];

const KNOWN: ReadonlySet<string> = new Set([...OUR_PUBLIC_VARIABLES, ...OTHERS]);

/** Next writes the first into every page; the second are of the repository. */
const BY_FORM = /^(?:NEXT_PUBLIC_\w+|VERCEL_GIT_(?:COMMIT|REPO|PROVIDER|PREVIOUS|PULL)_?\w*)$/;

/**
 * Whether a variable is known to hold nothing secret. Every other one may: a list of secrets would miss
 * the next name that a provider gives a token.
 *
 * @example
 * isPublicVariable("CORS_ORIGINS"); // true
 */
export function isPublicVariable(name: string): boolean {
  return KNOWN.has(name) || BY_FORM.test(name);
}
