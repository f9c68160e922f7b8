/** The state that the page shows after an attempt. Of the typed values it keeps only the account. */
export interface LoginState {
  /** Differs for each result; empty before the first. */
  readonly id: string;
  readonly account: string;
  readonly outcome: "none" | "signed-in" | "rejected";
  readonly message: string;
  /** Seconds to wait, when a limit denied the attempt. */
  readonly retryAfter: number | undefined;
}

export const BEFORE: LoginState = {
  id: "",
  account: "",
  outcome: "none",
  message: "",
  retryAfter: undefined,
};
