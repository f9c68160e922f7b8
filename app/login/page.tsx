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
        Failed attempts are counted for your address and for the account, whether or not there is
        such an account. It is an example: a right password is said to be right, and no session
        begins.
      </p>
      {process.env.NODE_ENV === "development" && (
        <p>
          In development there is the account <code>demo</code> with the password{" "}
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
