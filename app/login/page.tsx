import type { Metadata } from "next";
import Link from "next/link";
import { LoginForm } from "./login-form.tsx";
import styles from "./login.module.css";

export const metadata: Metadata = { title: "Sign in · Headgate" };

/** A login whose attempts are limited by address and by account, from a Server Action. */
export default function Page() {
  return (
    <main className={styles["page"]}>
      <h1>Sign in</h1>
      <p>
        Failed attempts count against your address and against the account, whether or not the
        account exists. This page is an example: it tells you when a password is correct, and it
        starts no session.
      </p>
      {process.env.NODE_ENV === "development" && (
        <p>
          In development the account <code>demo</code> exists, with the password{" "}
          <code>let me in</code>.
        </p>
      )}
      <LoginForm />
      <p>
        <Link href="/">All rules</Link>
      </p>
    </main>
  );
}
