"use client";

import { useSession, useIsSignedInAs, useSignIn } from "./use-session.tsx";

/**
 * Shown when the route would answer 401 or 403 to the current caller: a button that signs in a sample
 * user; or, when the app offers none, a note that a token is needed.
 */
export function SignInFor({ needed, rule }: SignInForProps) {
  const { isSignInOffered } = useSession();
  const isSignedIn = useIsSignedInAs(needed);
  const { failure, signIn } = useSignIn();
  if (needed === undefined || isSignedIn) return null;
  if (!isSignInOffered) {
    return (
      <p className="note">
        {NEEDS[needed]}: <a href="#token">use a token</a>
      </p>
    );
  }
  return (
    <>
      <button
        type="button"
        className="small"
        onClick={({ currentTarget }) => {
          // A successful sign-in removes this button, so the focus is moved before.
          const next = currentTarget.closest(".lane")?.querySelector("button");
          void signIn(needed).then((isBegun) => isBegun && next?.focus());
        }}
      >
        <SignInWords sample={needed} />
        <span className="aside"> to send requests to {rule}</span>
      </button>
      {failure !== "" && <output className="note">{failure}</output>}
    </>
  );
}

interface SignInForProps {
  readonly needed: "user" | "admin" | undefined;
  readonly rule: string;
}

const NEEDS = { user: "For a user", admin: "For an admin" };

/** The text of a button that signs in a sample user; a phone shows a shorter one. */
export function SignInWords({ sample }: { readonly sample: "user" | "admin" }) {
  return (
    <>
      Sign in as <span className="full">a sample </span>
      {sample === "user" ? "artist" : "admin"}
    </>
  );
}
