"use client";

import Link from "next/link";
import type { FormEvent } from "react";
import { useToken } from "./use-token.tsx";

/** A folded field for a token. A link to the field unfolds it. */
export function TokenField() {
  const { text, words, setText } = useToken();
  return (
    <details className="token">
      <summary>Use a token</summary>
      <form onSubmit={stay}>
        <div>
          <label htmlFor="token">Token</label>
          {/*
           * The field is hidden, because everyone who reads a token can act as its user. It has no
           * name, so that no form sends it.
           */}
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
          <p>Print a token for a user, with or without the role admin:</p>
          <code>
            npm run <span>--silent</span> token <span>--</span> <span>--sub</span> artist-1{" "}
            <span>--role</span> admin
          </code>
          <p>
            Every request of this page carries the pasted token until you reload.{" "}
            {process.env.NODE_ENV === "development" && (
              <>
                In development you can also <Link href="/dev/sign-in">sign in as any user</Link>.
              </>
            )}
          </p>
        </div>
      </form>
    </details>
  );
}

/** A pasted token takes effect at once, so the form has nothing to submit. */
function stay(event: FormEvent): void {
  event.preventDefault();
}
