/** What the page shows after an attempt. It holds nothing of what was typed but the account. */
export interface LoginState {
  /** Differs for each answer; empty before the first. */
  readonly id: string;
  readonly account: string;
  readonly outcome: "none" | "signed-in" | "refused";
  readonly message: string;
  /** Seconds to wait, where a limit refused. */
  readonly retryAfter: number | undefined;
}

export const BEFORE: LoginState = {
  id: "",
  account: "",
  outcome: "none",
  message: "",
  retryAfter: undefined,
};
