"use client";

import { SignInWords } from "./sign-in-for.tsx";
import { TokenField } from "./token-field.tsx";
import { useSession, useSignIn } from "./use-session.tsx";
import { useToken } from "./use-token.tsx";

/** Shows the user whose requests the page sends, and lets a person change that user. */
export function SessionBar() {
  const { user, role, isSignInOffered } = useSession();
  const { caller } = useToken();
  const { failure, signIn } = useSignIn();
  const isAdmin = role === "admin";
  const ofSession = user === undefined ? "No user is signed in." : `Signed in as ${user}.`;

  return (
    <section className="session" aria-label="The user who sends the requests">
      <output className="who">
        {caller ? `Requests carry the token of ${caller.user}.` : ofSession}
      </output>
      {isSignInOffered && (
        <div className="controls">
          {/* The button is the same element before and after, so that it keeps the focus. */}
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
      {/* The dashboard is not a page of Next's router, so the link is not a Link. */}
      <a href={isAdmin ? "/dashboard" : "/dashboard/sign-in"}>Open the dashboard</a>
      <TokenField />
      {failure !== "" && <output className="note">{failure}</output>}
    </section>
  );
}
