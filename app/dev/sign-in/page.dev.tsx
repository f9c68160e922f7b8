import type { Metadata } from "next";
import Link from "next/link";
import styles from "../../login/login.module.css";

export const metadata: Metadata = { title: "Sign in for development · Headgate" };

/** Signs in as anybody: no production build has this page, nor the route behind it. */
export default function Page() {
  return (
    <main className={styles["page"]}>
      <h1>Sign in as anybody</h1>
      <p>
        In development alone: a session for whoever you name, without a password. A production build
        has no such page.
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
