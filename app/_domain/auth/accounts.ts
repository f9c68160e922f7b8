import { environment } from "#config/app-env";
import { HeadgateError } from "headgate";
import { nobodysHash, parsePasswordHash, type PasswordHash } from "./passwords.ts";

/** The accounts that can sign in. Anybody else's attempt is worked on for as long. */
export interface Accounts {
  /** The password of an account, or one that nobody has. */
  passwordOf(account: string): PasswordHash;
}

/** As long as an e-mail address can be (RFC 5321). */
export const MAX_ACCOUNT_LENGTH = 254;

/**
 * The one form of an account's name, in which it is counted and looked up: without space around it,
 * compatibility forms and case (NFKC, as Unicode's identifiers compare), so that no other spelling
 * of a name has attempts of its own.
 */
export function accountName(typed: string): string {
  return typed.normalize("NFKC").toLowerCase().normalize("NFKC").trim();
}

/** As many iterations as every runtime computes: with no account there is none to be told apart. */
const EVERYWHERE = 100_000;

/**
 * For `npm run dev` alone, where NODE_ENV is "development": name "demo", password "let me in". The
 * code of a built app does not hold it.
 */
const DEVELOPMENT =
  process.env.NODE_ENV === "development"
    ? "demo:pbkdf2-sha256:600000:44d9c4792399f34e358e620245269ed8:17902c3871eb8411a203d61de1ac0c3dfe4a393b8f7cbca4a902ce00f5aa4c85"
    : "";

/**
 * Reads `name:pbkdf2-sha256:<iterations>:<salt>:<hash>`, separated by spaces. An empty list is a
 * list: then nobody can sign in.
 *
 * @throws {HeadgateError} ENV_INVALID, without what was given
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
  // The time that an answer takes would tell one account from another, and both from none.
  if (others.length > 0) throw invalid();
  const nobody = nobodysHash(iterations);
  return { passwordOf: (account) => known.get(account) ?? nobody };
}

function invalid(): HeadgateError {
  return new HeadgateError(
    "ENV_INVALID",
    "DEMO_ACCOUNTS cannot be read; allowed: name:pbkdf2-sha256:<iterations>:<salt>:<hash> as `node app/_domain/auth/new-account.ts` prints it, each name once, separated by spaces, all of the same number of iterations.",
  );
}

let made: Accounts | undefined;

/**
 * The accounts of this process: those of DEMO_ACCOUNTS.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function accounts(): Accounts {
  made ??= readAccounts(environment().demoAccounts ?? DEVELOPMENT);
  return made;
}
