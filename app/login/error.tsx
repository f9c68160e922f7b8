"use client";

import { useEffect, useRef } from "react";
import styles from "./login.module.css";

interface LoginErrorProps {
  readonly error: Error;
  readonly reset: () => void;
}

/**
 * Shown where the form's request was not answered by the Server Action: refused by the gate at the
 * edge, whose words are the error's, or lost. The page is still there, and the form comes back.
 */
export default function LoginError({ error, reset }: LoginErrorProps) {
  const back = useRef<HTMLButtonElement>(null);
  // Whatever had the focus is gone.
  useEffect(() => back.current?.focus(), []);

  return (
    <main className={styles["page"]}>
      <h1>Not signed in</h1>
      <p role="alert">The sign-in was not taken. {error.message}</p>
      <button ref={back} type="button" onClick={reset}>
        Back to the form
      </button>
    </main>
  );
}
