import { BRAND } from "./brand.ts";
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
 * Returns true for what can stand after `Bearer ` in a header: `Bearer` itself is no part of it.
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

/** The error for variables that cannot be used. It never holds what was given: that may be a secret. */
export class SettingsError extends HeadgateError {
  /** What each variable at fault must be, by its name. */
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
 * Makes the error for variables that cannot be used.
 *
 * @param mustBe what each variable must be, by its name
 * @example
 * throw settingsError({ PORT: "a whole number from 0 to 65535" });
 */
export function settingsError(mustBe: Readonly<Record<string, string>>): SettingsError {
  return new SettingsError(mustBe);
}

/**
 * Calls every reader and returns what each returned, so that one start tells of every mistake.
 *
 * @throws {SettingsError} one that names the variables at fault of all readers; of two readers that name
 * the same variable, the first says what it must be
 * @throws the first other error, where no reader threw a SettingsError
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
