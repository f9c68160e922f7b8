import * as z from "zod/mini";
import {
  settingsError,
  isPlain,
  isToken,
  processVariables,
  readHttpAddress,
  readAll,
  trimVariables,
  type Variables,
} from "headgate/settings";
import { type GateEnvironment, readGateEnvironment } from "#config/gate-env";

/** The sample's environment as its handlers use it; docs/reference/environment.md has the table. */
export interface Environment extends GateEnvironment, OwnEnvironment {}

/** The sample's variables that its gate does not read. */
interface OwnEnvironment {
  /** The origin of the app's pages in a browser; when undefined, the request's host. */
  readonly appOrigin: string | undefined;
  /** The address of Instagram's API, and the long-lived token with which a connection starts. */
  readonly instagram: { readonly url: string; readonly token: string | undefined };
  /** The accounts that can sign in, in the form that app/_domain/auth/accounts.ts reads. */
  readonly demoAccounts: string | undefined;
  /** The token that a scraper of /api/metrics must send; when undefined, the route answers 404. */
  readonly metricsToken: string | undefined;
  /** Where a click signs in a sample user without a password; undefined for nowhere. */
  readonly sampleSignIn: "everywhere" | "loopback" | undefined;
}

const plain = z.string().check(z.refine(isPlain));
const origin = plain.check(z.refine(isOrigin));
/** The variables after validation. */
const httpAddress = z.string().check(
  z.overwrite((text) => readHttpAddress(text) ?? ""),
  z.minLength(1),
);
const token = z.string().check(z.refine(isToken), z.maxLength(1024));

const SAMPLE_SIGN_IN = { loopback: "loopback", "1": "everywhere", "0": undefined } as const;

const schema = z.object({
  APP_ORIGIN: z.optional(origin),
  INSTAGRAM_API_URL: z._default(httpAddress, "https://graph.instagram.com"),
  INSTAGRAM_ACCESS_TOKEN: z.optional(token),
  INSTAGRAM_STAND_IN: z.optional(httpAddress),
  DEMO_ACCOUNTS: z.optional(z.string()),
  METRICS_TOKEN: z.optional(token),
  SAMPLE_SIGN_IN: z.optional(z.enum(["loopback", "1", "0"])),
  NODE_ENV: z.optional(z.string()),
});

/** The token is sent only to these hosts. */
const INSTAGRAM_HOSTS = ["graph.instagram.com", "graph.facebook.com"];

/** The text of each variable's error: a schema's message does not name the variable's use. */
export const MUST_BE = {
  APP_ORIGIN: "one origin such as https://app.example",
  INSTAGRAM_API_URL: `https, at ${INSTAGRAM_HOSTS.join(" or ")}; in development any address`,
  INSTAGRAM_ACCESS_TOKEN: "a long-lived token of Instagram's, without blanks or quotes",
  METRICS_TOKEN: "text without blanks or quotes, of at most 1024 characters",
  SAMPLE_SIGN_IN: "loopback, 1 or 0",
  INSTAGRAM_STAND_IN: "http on this machine's loopback, such as http://127.0.0.1:8090",
} as const satisfies Readonly<Record<string, string>>;

/**
 * Reads Headgate's variables and the sample's. Blanks and line breaks around a value are removed, and
 * an empty variable counts as unset.
 *
 * @throws {SettingsError} ENV_INVALID, which names each wrong variable and what it must be, never its
 * value, which may be secret
 * @throws {HeadgateError} CLIENT_ADDRESS_UNKNOWN when no variable and no platform names the source of
 * client addresses
 */
export function readEnvironment(source: Variables): Environment {
  const { gate, own } = readAll({
    gate: () => readGateEnvironment(source),
    own: () => readOwn(source),
  });
  return { ...gate, ...own };
}

function readOwn(source: Variables): OwnEnvironment {
  const parsed = z.safeParse(schema, trimVariables(source));
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => String(issue.path[0])));
  const env = parsed.data;
  return {
    appOrigin: env.APP_ORIGIN,
    instagram: { url: instagramUrl(env), token: env.INSTAGRAM_ACCESS_TOKEN },
    demoAccounts: env.DEMO_ACCOUNTS,
    metricsToken: env.METRICS_TOKEN,
    sampleSignIn: env.SAMPLE_SIGN_IN && SAMPLE_SIGN_IN[env.SAMPLE_SIGN_IN],
  };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/**
 * A stand-in runs on this machine and has a separate variable, so that no mistake sends a token to
 * another host.
 */
function instagramUrl(env: z.infer<typeof schema>): string {
  if (env.INSTAGRAM_STAND_IN) {
    const { protocol, hostname } = new URL(env.INSTAGRAM_STAND_IN);
    const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
    if (protocol !== "http:" || !isLoopback) throw invalid(["INSTAGRAM_STAND_IN"]);
    return env.INSTAGRAM_STAND_IN;
  }
  const { protocol, host } = new URL(env.INSTAGRAM_API_URL);
  const isInstagram = protocol === "https:" && INSTAGRAM_HOSTS.includes(host);
  if (!isInstagram && env.NODE_ENV !== "development") throw invalid(["INSTAGRAM_API_URL"]);
  return env.INSTAGRAM_API_URL;
}

function invalid(names: readonly string[]) {
  const words: Readonly<Record<string, string>> = MUST_BE;
  return settingsError(Object.fromEntries(names.map((name) => [name, words[name] ?? "text"])));
}

let read: Environment | undefined;

/** Returns the environment of this process, which is read at the first call. */
export function environment(): Environment {
  read ??= readEnvironment(processVariables());
  return read;
}
