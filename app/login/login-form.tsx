"use client";

import { type FormEvent, useActionState } from "react";
import { logInAction } from "./login-action.ts";
import styles from "./login.module.css";
import { BEFORE } from "./login-state.ts";
import { Wait } from "./wait.tsx";

/**
 * The form and the result of its last attempt. The form works before its script has loaded: the browser
 * then sends it itself.
 */
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
      {/*
       * The button is not disabled while a request is pending, because a disabled button loses the
       * focus.
       */}
      <button type="submit" aria-disabled={isPending}>
        Sign in
      </button>
      {/* The element exists before it has text, so that screen readers announce the text. */}
      <output id="answer" className={styles["answer"]} data-outcome={state.outcome}>
        {/* Each result is a new element, so that a repeated text is announced too. */}
        <span key={state.id}>{state.message}</span>
      </output>
      {state.retryAfter !== undefined && <Wait key={state.id} seconds={state.retryAfter} />}
    </form>
  );
}
