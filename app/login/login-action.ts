"use server";

import { accounts } from "#app/_domain/auth/accounts";
import { currentRequest } from "#app/_domain/http/current-request";
import { type Denial, waitInWords } from "#app/_domain/http/denied";
import { limits } from "#app/_domain/headgate";
import { createLogin, credentials, type LoginOutcome } from "#app/_domain/auth/login";
import type { LoginState } from "./login-state.ts";

/**
 * Signs in from the page's form. A client may send anything: the earlier state is not read, and the
 * form is checked like the body of a request.
 */
export async function logInAction(_before: LoginState, form: FormData): Promise<LoginState> {
  const typed = { account: fieldOf(form, "account"), password: fieldOf(form, "password") };
  const state = { id: crypto.randomUUID(), account: typed.account.slice(0, 254) };
  const checked = credentials.safeParse(typed);
  if (!checked.success) return { ...state, ...rejected("Please enter an account and a password.") };
  const logIn = createLogin(limits, accounts());
  return { ...state, ...shown(await logIn(checked.data, await currentRequest("POST"))) };
}

function fieldOf(form: unknown, name: string): string {
  const value = form instanceof FormData ? form.get(name) : "";
  return typeof value === "string" ? value : "";
}

type Shown = Pick<LoginState, "outcome" | "message" | "retryAfter">;

function shown(outcome: LoginOutcome): Shown {
  switch (outcome.kind) {
    case "signed-in": {
      const message = `The password is correct: you are ${outcome.account}. This page starts no session.`;
      return { outcome: "signed-in", message, retryAfter: undefined };
    }
    case "wrong":
      return rejected("The account or the password is wrong.");
    case "denied":
      return rejected(denialInWords(outcome.denial), outcome.denial.retryAfter);
  }
}

function rejected(message: string, retryAfter?: number): Shown {
  return { outcome: "rejected", message, retryAfter };
}

function denialInWords({ problem, retryAfter }: Denial): string {
  if (retryAfter === undefined) return problem.detail ?? problem.title;
  return `There were too many attempts. Please try again in ${waitInWords(retryAfter)}.`;
}
