import * as z from "zod";
import type { Limits } from "headgate";
import { accountName, type Accounts, MAX_ACCOUNT_LENGTH } from "./accounts.ts";
import { type Denial, denialOf } from "#app/_domain/http/denied";
import { verifyPassword } from "./passwords.ts";

/** What is typed to sign in; the account in the form in which it is counted. */
export const credentials = z.strictObject({
  account: z
    .string()
    .max(MAX_ACCOUNT_LENGTH)
    .transform(accountName)
    // A compatibility form can be longer than what was typed.
    .pipe(z.string().min(1).max(MAX_ACCOUNT_LENGTH)),
  password: z.string().min(1).max(1024),
});

export type Credentials = z.infer<typeof credentials>;

/** A wrong password and an unknown account are one outcome, and so are refusals by either limit. */
export type LoginOutcome =
  | { readonly kind: "signed-in"; readonly account: string }
  | { readonly kind: "wrong" }
  | { readonly kind: "denied"; readonly denial: Denial };

/** What is used of the gate's limits. */
type LoginLimits = Pick<Limits<"login", "account">, "limit" | "refund">;

/**
 * Makes the login. An attempt is counted for its address and its account, before the password is
 * looked at and whether or not there is such an account; one that succeeds is given back, so that
 * what counts is failures. docs/decisions/007-login-answers-alike.md says why.
 */
export function createLogin({ limit, refund }: LoginLimits, accounts: Accounts) {
  return async ({ account, password }: Credentials, request: Request): Promise<LoginOutcome> => {
    const decision = await limit("login", { account }, { request });
    if (!decision.allowed) return { kind: "denied", denial: denialOf(decision) };
    if (!(await verifyPassword(password, accounts.passwordOf(account)))) return { kind: "wrong" };
    await refund(decision);
    return { kind: "signed-in", account };
  };
}
