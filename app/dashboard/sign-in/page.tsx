import type { Metadata } from "next";
import Link from "next/link";
import styles from "../../login/login.module.css";

export const metadata: Metadata = { title: "Sign in to the dashboard · Headgate" };

/** The reasons why no session started, as text. A map, because the address may name `constructor`. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["token", "The token is not valid, or it has expired. Print a new one."],
  ["role", "The token is valid, but its role is not admin. Print one with --role admin."],
]);

/** The page on which an admin pastes a token and gets a session for the dashboard. */
export default async function Page({ searchParams }: PageProps) {
  const { refused } = await searchParams;
  const message = typeof refused === "string" ? REFUSED.get(refused) : undefined;
  return (
    <main className={styles["page"]}>
      <h1>Sign in to the dashboard</h1>
      <p>
        The dashboard shows every rule’s numbers and the keys of denied clients, and blocks and
        allows clients, so it is for admins. Print a token on the machine that runs the app, and
        paste it here:
      </p>
      <p>
        <code>npm run --silent token -- --sub operator --role admin</code>
      </p>
      <form className={styles["form"]} action="/dashboard/sign-in/session" method="post">
        <label htmlFor="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          maxLength={4096}
          aria-describedby="refused"
        />
        <button type="submit">Sign in</button>
        <p id="refused" className={styles["answer"]} data-outcome="rejected" role="alert">
          {message}
        </p>
      </form>
      <form action="/dashboard/sign-in/session" method="post">
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

interface PageProps {
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
}
