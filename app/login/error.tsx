"use client";

import { useEffect, useRef } from "react";
import styles from "./login.module.css";

interface LoginErrorProps {
  readonly error: Error;
  readonly reset: () => void;
}

/**
 * Shown when the Server Action did not respond to the form's request: the gate denied it at the edge,
 * and the error has the gate's message, or the request failed. The page stays, and the button shows the
 * form again.
 */
export default function LoginError({ error, reset }: LoginErrorProps) {
  const back = useRef<HTMLButtonElement>(null);
  // The element that had the focus was removed.
  useEffect(() => back.current?.focus(), []);

  return (
    <main className={styles["page"]}>
      <h1>Not signed in</h1>
      <p role="alert">The sign-in did not go through. {error.message}</p>
      <button ref={back} type="button" onClick={reset}>
        Back to the form
      </button>
    </main>
  );
}
