"use client";

import { useState } from "react";
import { fresh } from "./ask.ts";
import { askForJson } from "./reply.ts";
import { numbered, Tabs } from "./tabs.tsx";
import { useOneAtATime, useTabs } from "./use-tabs.ts";
import { useToken } from "./use-token.tsx";
import { type Counts, countsInWords, type Tracked, viewTab, viewWords } from "./view-words.ts";

const TABS = 3;
const EVENT = { type: "profile_view", artistId: "artist-001" };
const COUNTS = { method: "GET", path: `/api/analytics/counts?artistId=${EVENT.artistId}` };

/** Three tabs send the same view at the same time: it counts once. */
export function ViewDemo() {
  const { token } = useToken();
  const { replies, sendAll } = useTabs<Tracked>(TABS);
  const [counts, setCounts] = useState("");

  const { isBusy, run } = useOneAtATime(async () => {
    const before = await askForJson<Counts>(COUNTS, token);
    const body = { ...EVENT, sessionId: fresh() };
    await sendAll({ method: "POST", path: "/api/analytics/track", body }, token);
    const after = await askForJson<Counts>(COUNTS, token);
    setCounts(countsInWords(before, after, EVENT.type));
  });
  const all = replies?.filter((reply) => reply !== undefined) ?? [];

  return (
    <section aria-labelledby="one-view">
      <h3 id="one-view">Three tabs, one view</h3>
      <p>
        A session is open in three tabs, and each sends the same view of an artist. Dedup claims the
        event in Redis, so only the first is counted, on all instances together.
      </p>
      <button type="button" aria-disabled={isBusy} onClick={() => void run()}>
        Send one view from three tabs
      </button>
      <Tabs label="Responses to the view" tabs={numbered(TABS, replies, viewTab)} />
      <output className="conclusion">
        {!isBusy && all.length > 0 && `${viewWords(all)} ${counts}`}
      </output>
    </section>
  );
}
