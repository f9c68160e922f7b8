import * as z from "zod";
import type { Limits } from "headgate";
import { accountName, type Accounts, MAX_ACCOUNT_LENGTH } from "./accounts.ts";
import { type Denial, denialOf } from "#app/_domain/http/denied";
import { verifyPassword } from "./passwords.ts";

/** The fields of a sign-in; the account in the form in which it is counted. */
export const credentials = z.strictObject({
  account: z
    .string()
    .max(MAX_ACCOUNT_LENGTH)
    .transform(accountName)
    // A compatibility form can be longer than the typed text.
    .pipe(z.string().min(1).max(MAX_ACCOUNT_LENGTH)),
  password: z.string().min(1).max(1024),
});

export type Credentials = z.infer<typeof credentials>;

/** A wrong password and an unknown account are one outcome, and so are denials by either limit. */
export type LoginOutcome =
  | { readonly kind: "signed-in"; readonly account: string }
  | { readonly kind: "wrong" }
  | { readonly kind: "denied"; readonly denial: Denial };

/** The functions of the gate's limits that the login uses. */
type LoginLimits = Pick<Limits<"login", "account">, "limit" | "refund">;

/**
 * Makes the login. An attempt is counted for its address and its account before the password is
 * checked, whether or not the account exists. A successful attempt is refunded, so that only failures
 * count. docs/decisions/007-login-answers-alike.md has the reasons.
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
