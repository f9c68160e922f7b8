"use client";

import { SignInWords } from "./sign-in-for.tsx";
import { TokenField } from "./token-field.tsx";
import { useSession, useSignIn } from "./use-session.tsx";
import { useToken } from "./use-token.tsx";

/** Who the page's requests are sent as, and how to change that. */
export function SessionBar() {
  const { user, role, isSignInOffered } = useSession();
  const { caller } = useToken();
  const { failure, signIn } = useSignIn();
  const isAdmin = role === "admin";
  const ofSession = user === undefined ? "No user is signed in." : `Signed in as ${user}.`;

  return (
    <section className="session" aria-label="Who sends the requests">
      <output className="who">
        {caller ? `Requests carry the token of ${caller.user}.` : ofSession}
      </output>
      {isSignInOffered && (
        <div className="controls">
          {/* The same element before and after, so that it keeps the focus. */}
          <button
            type="button"
            className="small"
            onClick={() => void signIn(user === undefined ? "user" : "none")}
          >
            {user === undefined ? <SignInWords sample="user" /> : "Sign out"}
          </button>
          {!isAdmin && (
            <button type="button" className="small" onClick={() => void signIn("admin")}>
              <SignInWords sample="admin" />
            </button>
          )}
        </div>
      )}
      {/* The dashboard is no page of Next's router, so it is no Link. */}
      <a href={isAdmin ? "/dashboard" : "/dashboard/sign-in"}>Open the dashboard</a>
      <TokenField />
      {failure !== "" && <output className="note">{failure}</output>}
    </section>
  );
}
