import { environment } from "#config/app-env";
import { HeadgateError } from "headgate";
import { unmatchableHash, parsePasswordHash, type PasswordHash } from "./passwords.ts";

/**
 * The accounts that can sign in. An attempt for an unknown account takes as long as one for a known
 * account.
 */
export interface Accounts {
  /** Returns the password hash of an account; for an unknown account, a hash that no password matches. */
  passwordOf(account: string): PasswordHash;
}

/** The longest e-mail address, in characters (RFC 5321). */
export const MAX_ACCOUNT_LENGTH = 254;

/**
 * Returns the form of an account's name in which it is counted and looked up: without surrounding
 * space, compatibility forms and case (NFKC, as Unicode compares identifiers). Other spellings of a
 * name therefore have no attempts beyond those of the name.
 */
export function accountName(typed: string): string {
  return typed.normalize("NFKC").toLowerCase().normalize("NFKC").trim();
}

/**
 * The number of iterations without accounts. Every runtime supports it, and no account can be told
 * apart by it.
 */
const EVERYWHERE = 100_000;

/**
 * The account for `npm run dev`, where NODE_ENV is "development": name "demo", password "let me in".
 * The code of a built app does not contain it.
 */
const DEVELOPMENT =
  process.env.NODE_ENV === "development"
    ? "demo:pbkdf2-sha256:600000:44d9c4792399f34e358e620245269ed8:17902c3871eb8411a203d61de1ac0c3dfe4a393b8f7cbca4a902ce00f5aa4c85"
    : "";

/**
 * Reads `name:pbkdf2-sha256:<iterations>:<salt>:<hash>`, separated by spaces. With an empty list, no
 * account can sign in.
 *
 * @throws {HeadgateError} ENV_INVALID; its message does not repeat the list
 */
export function readAccounts(list: string): Accounts {
  const known = new Map<string, PasswordHash>();
  for (const entry of list.split(/\s+/).filter(Boolean)) {
    const colon = entry.indexOf(":");
    const name = accountName(entry.slice(0, colon));
    const password = parsePasswordHash(entry.slice(colon + 1));
    if (colon < 1 || !name || !password || known.has(name)) throw invalid();
    known.set(name, password);
  }
  const [iterations = EVERYWHERE, ...others] = new Set(
    [...known.values()].map((password) => password.iterations),
  );
  // With different numbers of iterations, the time of a response would reveal which account exists.
  if (others.length > 0) throw invalid();
  const unknown = unmatchableHash(iterations);
  return { passwordOf: (account) => known.get(account) ?? unknown };
}

function invalid(): HeadgateError {
  return new HeadgateError(
    "ENV_INVALID",
    "DEMO_ACCOUNTS must be name:pbkdf2-sha256:<iterations>:<salt>:<hash> as `node app/_domain/auth/new-account.ts` prints it, each name once, separated by spaces, all of the same number of iterations.",
  );
}

let made: Accounts | undefined;

/**
 * Returns the accounts of this process, which DEMO_ACCOUNTS lists.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function accounts(): Accounts {
  made ??= readAccounts(environment().demoAccounts ?? DEVELOPMENT);
  return made;
}
