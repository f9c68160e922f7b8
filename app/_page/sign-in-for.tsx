"use client";

import { useSession, useIsSignedInAs, useSignIn } from "./use-session.tsx";

/**
 * What a request lacks whose route answers 401 or 403 to the caller that it has now: a button that
 * signs in a sample user, or, where the app offers none, the words that a token is needed.
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
          // This button leaves the page when the sign-in succeeds, so the focus is moved before.
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

/** The words of a button that signs in a sample user; a phone shows less of them. */
export function SignInWords({ sample }: { readonly sample: "user" | "admin" }) {
  return (
    <>
      Sign in as <span className="full">a sample </span>
      {sample === "user" ? "artist" : "admin"}
    </>
  );
}
