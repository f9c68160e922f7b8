import { isWhole, wholeForm } from "#lib/core/argument";
import { choiceOf } from "#lib/core/choice";
import { isPlain, isSecret, isToken } from "#lib/core/settings";
import { readHttpAddress, REST_ADDRESS, REST_TOKEN } from "#lib/core/store-address";
import type { VariableTable } from "#lib/core/variable-table";
import { ADDRESS_FORMS } from "#lib/identity/address-source";
import { DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import { FORMATS, type LegacyHeaders } from "#lib/respond/headers";

/** The values of `legacyHeaders`, by their text in a variable: 0 for false, 1 for true, else the value itself. */
const LEGACY_HEADERS: Readonly<Record<string, LegacyHeaders>> = Object.fromEntries(
  FORMATS.flatMap(({ writtenFor }) =>
    writtenFor.map((value) => [typeof value === "string" ? value : Number(value), value]),
  ),
);

/** The gate's variables that a person sets. docs/reference/environment.md lists them all. */
const SET_BY_PEOPLE = {
  UPSTASH_REDIS_REST_URL: { read: readHttpAddress, mustBe: REST_ADDRESS },
  UPSTASH_REDIS_REST_TOKEN: { read: readToken, mustBe: REST_TOKEN },
  KV_REST_API_URL: { read: readHttpAddress, mustBe: REST_ADDRESS },
  KV_REST_API_TOKEN: { read: readToken, mustBe: REST_TOKEN },
  HEADGATE_STORE_DEADLINE_MS: {
    ...wholeNumber(10, 10_000, "milliseconds"),
    standard: "500",
  },
  HEADGATE_CLUSTER: {
    read: oneOf({ "0": false, "1": true }),
    mustBe: "1, where the store is a Redis Cluster, or 0",
    standard: "0",
  },
  HEADGATE_JOIN: {
    read: oneOf({ "0": false, "1": true }),
    mustBe: "1, where a request may wait for another's call (never on Vercel or Workers), or 0",
    standard: "0",
  },
  HEADGATE_NAMESPACE: {
    read: matching(/^[A-Za-z0-9_-]{1,64}$/),
    mustBe: "1 to 64 letters, digits, _ or -",
  },
  HEADGATE_MODE: {
    read: oneOf({ enforce: "enforce", shadow: "shadow", off: "off" }),
    mustBe: "enforce, shadow or off",
    standard: "enforce",
  },
  HEADGATE_SECRET: {
    read: readSecret,
    mustBe: "at least 32 characters without quotes around them, the same on all instances",
  },
  HEADGATE_SECRET_PREVIOUS: {
    read: readSecret,
    mustBe: "at least 32 characters without quotes around them",
  },
  HEADGATE_LEGACY_HEADERS: {
    read: oneOf(LEGACY_HEADERS),
    mustBe: choiceOf(Object.keys(LEGACY_HEADERS)),
    standard: "0",
  },
  CLIENT_IP_FROM: {
    read: readPlain,
    mustBe: `${choiceOf(ADDRESS_FORMS)}, without quotes around it`,
  },
  CLIENT_IPV6_PREFIX: {
    ...wholeNumber(48, 128, "bits"),
    standard: String(DEFAULT_IPV6_PREFIX),
  },
  CORS_ORIGINS: {
    read: origins,
    mustBe: "origins such as https://shop.example, separated by commas, or *",
    standard: "",
  },
  CORS_EXPOSED_HEADERS: {
    read: headerNames,
    mustBe: "names of headers such as X-Total-Count, separated by commas",
    standard: "",
  },
} as const satisfies VariableTable;

/** A variable that accepts any text. */
const ANYTHING = { read: (text: string) => text, mustBe: "text" } as const;

/** The variables by which our server, the build, and a platform tell the gate where it runs. */
const SET_BY_PROGRAMS = {
  HEADGATE_APP: ANYTHING,
  HEADGATE_SECRET_DERIVED: ANYTHING,
  HEADGATE_SECRET_GUESSABLE: ANYTHING,
  HEADGATE_SERVER: ANYTHING,
  HEADGATE_SOCKET_NONCE: ANYTHING,
  VERCEL: ANYTHING,
  VERCEL_ENV: ANYTHING,
  VERCEL_PROJECT_ID: ANYTHING,
  NODE_ENV: ANYTHING,
} as const satisfies VariableTable;

/** Every variable that the gate reads. */
export const GATE_VARIABLES = { ...SET_BY_PEOPLE, ...SET_BY_PROGRAMS } as const;

/**
 * Returns a value as it is; undefined for one in quotes, and for one with invisible characters.
 *
 * @example
 * readPlain("shop"); // "shop"
 */
export function readPlain(text: string): string | undefined {
  return isPlain(text) ? text : undefined;
}

/**
 * Returns a secret as it is; undefined for one of fewer than 32 characters, or in quotes.
 *
 * @example
 * const table = { MAIL_SECRET: { read: readSecret, mustBe: "at least 32 characters" } };
 */
export function readSecret(text: string): string | undefined {
  return isSecret(text) ? text : undefined;
}

function readToken(text: string): string | undefined {
  return isToken(text) ? text : undefined;
}

function matching(form: RegExp) {
  return (text: string) => (form.test(text) ? text : undefined);
}

function wholeNumber(least: number, most: number, unit: string) {
  const read = (text: string) => {
    const number = Number(text);
    return isWhole(number, least, most) ? number : undefined;
  };
  return { read, mustBe: wholeForm(least, most, unit) };
}

/** Makes the reader of a variable that must be one of some words, each of which stands for a value. */
function oneOf<const Words extends Readonly<Record<string, unknown>>>(words: Words) {
  return (text: string): Words[keyof Words] | undefined =>
    Object.hasOwn(words, text) ? (words[text] as Words[keyof Words]) : undefined;
}

/** Reads origins. Each is compared with a header exactly, and "https://a.example/" would never match. */
function origins(text: string): readonly string[] | undefined {
  const list = listed(text);
  const areOrigins = list.every((one) => one === "*" || isOrigin(one));
  return isPlain(text) && areOrigins ? list : undefined;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function headerNames(text: string): readonly string[] | undefined {
  return /^[\w!#$%&'*+.^`|~, -]*$/.test(text) ? listed(text) : undefined;
}

function listed(text: string): readonly string[] {
  return text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
}
