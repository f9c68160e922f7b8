"use client";

import { type FormEvent, useActionState } from "react";
import { logInAction } from "./login-action.ts";
import styles from "./login.module.css";
import { BEFORE } from "./login-state.ts";
import { Wait } from "./wait.tsx";

/** The form and what came of it. Before its script has come, the browser itself sends it. */
export function LoginForm() {
  const [state, submit, isPending] = useActionState(logInAction, BEFORE);

  function once(event: FormEvent): void {
    if (isPending) event.preventDefault();
  }

  return (
    <form className={styles["form"]} action={submit} onSubmit={once}>
      <label htmlFor="account">Account</label>
      <input
        id="account"
        name="account"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={254}
        defaultValue={state.account}
        aria-describedby="answer"
      />
      <label htmlFor="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        aria-describedby="answer"
      />
      {/* Not disabled meanwhile: a button that is loses the focus. */}
      <button type="submit" aria-disabled={isPending}>
        Sign in
      </button>
      {/* There before there is anything to say, so that it is read out. */}
      <output id="answer" className={styles["answer"]} data-outcome={state.outcome}>
        {/* A new element each time: the same words again are an answer too. */}
        <span key={state.id}>{state.message}</span>
      </output>
      {state.retryAfter !== undefined && <Wait key={state.id} seconds={state.retryAfter} />}
    </form>
  );
}
