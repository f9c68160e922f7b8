import { HeadgateError } from "./errors.ts";

/** Variables as a process, a Worker or a file of the environment has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The characters of a token: those that an HTTP header can hold, without blanks. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Quotes that `docker run --env-file` and systemd leave around a value, and those of a text editor. */
const QUOTED = /^["'`“”‘’]|["'`“”‘’]$/;

/** Invisible characters, such as a line break in the middle, or a zero-width space. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** HS256 and our own hashes are as strong as a key of so many characters. */
const SHORTEST_SECRET = 32;

/**
 * Returns the variables that are set, without the blanks and line breaks around their values. An
 * empty variable counts as unset. Every program reads its variables through this.
 *
 * @example setVariables({ PORT: " 3000\n", HOST: "" }) // { PORT: "3000" }
 */
export function setVariables(env: Variables): Readonly<Record<string, string>> {
  const trimmed = Object.entries(env).map(([name, value = ""]) => [name, value.trim()] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ""));
}

/** Returns false for a value in quotes, and for one with invisible characters. */
export function isPlain(text: string): boolean {
  return !QUOTED.test(text) && !INVISIBLE.test(text);
}

/** Returns true for what can stand after `Bearer ` in a header: `Bearer` itself is no part of it. */
export function isToken(text: string): boolean {
  return TOKEN.test(text) && isPlain(text);
}

/** Returns true for a secret of at least 32 characters. */
export function isSecret(text: string): boolean {
  return text.length >= SHORTEST_SECRET && isPlain(text);
}

/**
 * The error for variables that cannot be used. It never holds what was given: it may be a secret.
 *
 * @param mustBe what each variable must be, by its name
 */
export function invalidSettings(mustBe: Readonly<Record<string, string>>): HeadgateError {
  const lines = Object.entries(mustBe).map(([name, words]) => `${name} must be ${words}.`);
  return new HeadgateError("ENV_INVALID", `The environment cannot be used. ${lines.join(" ")}`);
}
