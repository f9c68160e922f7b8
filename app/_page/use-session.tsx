"use client";

import { useRouter } from "next/navigation";
import { createContext, type ReactNode, useContext, useState } from "react";
import { ask } from "./ask.ts";
import { useToken } from "./use-token.tsx";

/** The role of a sample user; "none" ends the session. */
export type SampleRole = "user" | "admin" | "none";

/** The browser's session as the server knew it when it rendered the page. */
export interface Session {
  /** The user of the browser's session cookie. */
  readonly user: string | undefined;
  readonly role: string | undefined;
  /** True when this app signs in sample users with a click. */
  readonly isSignInOffered: boolean;
}

const SessionContext = createContext<Session>({
  user: undefined,
  role: undefined,
  isSignInOffered: false,
});

/** Provides the session to the components of the page. */
export function SessionProvider({ session, children }: ProviderProps) {
  return <SessionContext value={session}>{children}</SessionContext>;
}

interface ProviderProps {
  readonly session: Session;
  readonly children: ReactNode;
}

/** Returns the session of this browser. */
export function useSession(): Session {
  return useContext(SessionContext);
}

/** Returns true when the page's requests have the caller that a route needs: any user, or an admin. */
export function useIsSignedInAs(needed: "user" | "admin" | undefined): boolean {
  const { user, role } = useSession();
  const { caller = { user, role } } = useToken();
  if (needed === undefined) return true;
  return needed === "admin" ? caller.role === "admin" : caller.user !== undefined;
}

/**
 * Returns a function that signs a sample user in or out. The page is rendered again after that, and its
 * lanes keep their state.
 */
export function useSignIn() {
  const router = useRouter();
  const [failure, setFailure] = useState("");

  /** Returns true when the session was started or ended. */
  async function signIn(role: SampleRole): Promise<boolean> {
    const words = await failureOf(role);
    setFailure(words);
    if (words === "") router.refresh();
    return words === "";
  }

  return { failure, signIn };
}

async function failureOf(role: SampleRole): Promise<string> {
  try {
    const form = new URLSearchParams({ role });
    const answer = await ask({ method: "POST", path: "/sample/sign-in", form });
    // The route redirects the browser to this page, which stays as it is.
    if (answer.type === "opaqueredirect") return "";
    return `The sign-in failed: ${answer.status} ${answer.statusText}`.trim();
  } catch {
    return "The sign-in failed: no answer arrived.";
  }
}
