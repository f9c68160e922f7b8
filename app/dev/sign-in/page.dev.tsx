import type { Metadata } from "next";
import Link from "next/link";
import styles from "../../login/login.module.css";

export const metadata: Metadata = { title: "Sign in for development · Headgate" };

/** Signs in as any user. A production build contains neither this page nor its route. */
export default function Page() {
  return (
    <main className={styles["page"]}>
      <h1>Sign in as any user</h1>
      <p>
        For development only: this starts a session for the user that you name, without a password.
        A production build does not contain this page.
      </p>
      <form className={styles["form"]} action="/dev/sign-in/session" method="post">
        <label htmlFor="sub">User</label>
        <input id="sub" name="sub" defaultValue="artist-1" required maxLength={256} />
        <label htmlFor="role">Role</label>
        <select id="role" name="role" defaultValue="user">
          <option value="user">user</option>
          <option value="admin">admin: may run the pipeline</option>
        </select>
        <button type="submit">Sign in</button>
      </form>
      <form action="/dev/sign-in/session" method="post">
        <button type="submit" name="action" value="sign-out">
          Sign out
        </button>
      </form>
      <p>
        <Link href="/">All rules</Link>
      </p>
    </main>
  );
}
