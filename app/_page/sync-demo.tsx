"use client";

import { SignInWords } from "./sign-in-for.tsx";
import { type Synced, syncTab, syncWords } from "./sync-words.ts";
import { numbered, Tabs } from "./tabs.tsx";
import { useIsSignedInAs, useSession, useSignIn } from "./use-session.tsx";
import { useOneAtATime, useTabs } from "./use-tabs.ts";
import { useToken } from "./use-token.tsx";

const TABS = 5;
const SYNC = { method: "POST", path: "/api/dashboard/sync/trigger", body: {} };

/** Five tabs request a sync at the same time: Instagram is called once. */
export function SyncDemo() {
  const { token } = useToken();
  const { isSignInOffered } = useSession();
  const isSignedIn = useIsSignedInAs("user");
  const { failure, signIn } = useSignIn();
  const { replies, sendAll } = useTabs<Synced>(TABS);
  const { isBusy, run } = useOneAtATime(() => sendAll(SYNC, token));
  const all = replies?.filter((reply) => reply !== undefined) ?? [];
  const signsIn = isSignInOffered && !isSignedIn;

  return (
    <section aria-labelledby="one-sync">
      <h3 id="one-sync">Five tabs, one sync</h3>
      <p>
        A dashboard is open in five tabs, and each asks for the artist’s pictures. The request that
        holds the lock calls Instagram, and the others get the same result. For 30 seconds no
        request calls Instagram again.
      </p>
      {/* The button is the same element in both cases, so that it keeps the focus. */}
      <button
        type="button"
        aria-disabled={isBusy}
        onClick={() => void (signsIn ? signIn("user") : run())}
      >
        {signsIn ? <SignInWords sample="user" /> : "Sync from five tabs"}
      </button>
      <Tabs label="Responses to the sync" tabs={numbered(TABS, replies, syncTab)} />
      {/*
       * Requests are sent without a token too, because this browser may have a session, which scripts
       * cannot see.
       */}
      <output className="conclusion">
        {failure || (!isBusy && all.length > 0 && syncWords(all))}
      </output>
    </section>
  );
}
