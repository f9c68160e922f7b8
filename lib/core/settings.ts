import { BRAND } from "./brand.ts";
import { HeadgateError } from "./errors.ts";

/** Environment variables, as in a process, a Worker or an env file. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The characters of a token: those of an HTTP header, without blanks. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Quotes that `docker run --env-file` and systemd leave around a value, and those of a text editor. */
const QUOTED = /^["'`“”‘’]|["'`“”‘’]$/;

/** Invisible characters, such as a line break in the middle, or a zero-width space. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** HS256 and our own hashes need a key of at least so many characters. */
const SHORTEST_SECRET = 32;

/**
 * Returns the variables that are set, without the blanks and line breaks around their values. An
 * empty variable counts as unset. Every program reads its variables through this.
 *
 * @example trimVariables({ PORT: " 3000\n", HOST: "" }) // { PORT: "3000" }
 */
export function trimVariables(env: Variables): Readonly<Record<string, string>> {
  const trimmed = Object.entries(env).map(([name, value = ""]) => [name, value.trim()] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ""));
}

/**
 * Returns false for a value in quotes, and for one with invisible characters.
 *
 * @example
 * isPlain("'shop'"); // false
 */
export function isPlain(text: string): boolean {
  return !QUOTED.test(text) && !INVISIBLE.test(text);
}

/**
 * Returns true for a token that can follow `Bearer ` in a header. `Bearer` is not part of the token.
 *
 * @example
 * isToken("Bearer abc"); // false
 */
export function isToken(text: string): boolean {
  return TOKEN.test(text) && isPlain(text);
}

/**
 * Returns true for a secret of at least 32 characters.
 *
 * @example
 * isSecret("short"); // false
 */
export function isSecret(text: string): boolean {
  return text.length >= SHORTEST_SECRET && isPlain(text);
}

/** The error for variables with invalid values. It never holds a value, which may be a secret. */
export class SettingsError extends HeadgateError {
  /** The expected form of each variable at fault, by its name. */
  readonly mustBe: Readonly<Record<string, string>>;

  constructor(mustBe: Readonly<Record<string, string>>) {
    const lines = Object.entries(mustBe).map(([name, words]) => `${name} must be ${words}.`);
    super("ENV_INVALID", `The environment cannot be used. ${lines.join(" ")}`);
    this.mustBe = mustBe;
  }

  override get [BRAND](): string {
    return "HeadgateError.SettingsError";
  }
}

/**
 * Makes the error for variables with invalid values.
 *
 * @param mustBe the expected form of each variable at fault, by its name
 * @example
 * throw settingsError({ PORT: "a whole number from 0 to 65535" });
 */
export function settingsError(mustBe: Readonly<Record<string, string>>): SettingsError {
  return new SettingsError(mustBe);
}

/**
 * Calls every reader and returns their results, so that one error names the mistakes of all readers.
 *
 * @throws {SettingsError} one error with the variables at fault of all readers; when two readers name the
 * same variable, the text of the first is used
 * @throws the first other error, when no reader threw a SettingsError
 * @example readAll({ gate: () => fromEnv(env), mail: () => readMail(env) }).mail
 */
export function readAll<T extends object>(readers: {
  readonly [K in keyof T]: () => T[K];
}): T {
  const values: Partial<T> = {};
  const mustBe: Record<string, string> = {};
  const others: unknown[] = [];
  for (const name of Object.keys(readers) as (keyof T)[]) {
    try {
      values[name] = readers[name]();
    } catch (error) {
      if (error instanceof SettingsError) Object.assign(mustBe, { ...error.mustBe, ...mustBe });
      else others.push(error);
    }
  }
  if (Object.keys(mustBe).length > 0) throw settingsError(mustBe);
  if (others.length > 0) throw others[0];
  return values as T;
}
