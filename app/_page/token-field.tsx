"use client";

import Link from "next/link";
import type { FormEvent } from "react";
import { useToken } from "./use-token.tsx";

/** Where a person says who they are. */
export function TokenField() {
  const { text, words, setText } = useToken();
  return (
    <form className="token" onSubmit={stay}>
      <div>
        <label htmlFor="token">Token</label>
        {/* Hidden, since whoever reads it is that user; without a name, since no form may send it. */}
        <input
          id="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-describedby="token-how"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <output htmlFor="token">{words}</output>
      </div>
      <div id="token-how">
        <p>Some routes are for those who are signed in, some for admins. Print a token,</p>
        <code>
          npm run <span>--silent</span> token <span>--</span> <span>--sub</span> artist-1{" "}
          <span>--role</span> admin
        </code>
        <p>
          and paste it here: all requests of this page carry it, until you reload.{" "}
          {process.env.NODE_ENV === "development" && (
            <>
              In development you can <Link href="/dev/sign-in">sign in</Link> instead.
            </>
          )}
        </p>
      </div>
    </form>
  );
}

/** What is pasted holds at once: there is nothing to submit. */
function stay(event: FormEvent): void {
  event.preventDefault();
}
