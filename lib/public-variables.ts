import { VARIABLES } from "./variables.ts";

/** Headgate's variables that hold no secret. */
const OURS = Object.entries(VARIABLES).flatMap(([name, { isSecret }]) => (isSecret ? [] : [name]));

/** Variables that `vercel env pull` writes beside the app's own, and those that Next and Node read. */
const OTHERS = [
  "NEXT_TELEMETRY_DISABLED",
  "NX_DAEMON",
  "TURBO_CACHE",
  "TURBO_DOWNLOAD_LOCAL_ENABLED",
  "TURBO_REMOTE_ONLY",
  "TURBO_RUN_SUMMARY",
  "VERCEL_BRANCH_URL",
  "VERCEL_DEPLOYMENT_ID",
  "VERCEL_PROJECT_PRODUCTION_URL",
  "VERCEL_REGION",
  "VERCEL_TARGET_ENV",
  "VERCEL_URL",
];

const KNOWN: ReadonlySet<string> = new Set([...OURS, ...OTHERS]);

/** Next writes the first kind into every page; the second kind describes the repository. */
const BY_FORM = /^(?:NEXT_PUBLIC_\w+|VERCEL_GIT_(?:COMMIT|REPO|PROVIDER|PREVIOUS|PULL)_?\w*)$/;

/**
 * Returns true for a variable that is known to hold no secret. Every other variable may hold one: a list of
 * secret names would miss the next name that a provider gives a token.
 *
 * @example
 * isPublicVariable("CORS_ORIGINS"); // true
 */
export function isPublicVariable(name: string): boolean {
  return KNOWN.has(name) || BY_FORM.test(name);
}
