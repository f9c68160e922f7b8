"use client";

import { useState } from "react";
import { fresh } from "./ask.ts";
import { askForJson, type Reply } from "./reply.ts";
import { numbered, Tabs } from "./tabs.tsx";
import { useOneAtATime, useTabs } from "./use-tabs.ts";
import { useToken } from "./use-token.tsx";
import { type Counts, countOf, type Tracked, viewTab, viewWords } from "./view-words.ts";

const TABS = 3;
const EVENT = { type: "profile_view", artistId: "artist-001" };
const COUNTS = { method: "GET", path: `/api/analytics/counts?artistId=${EVENT.artistId}` };

/** Three tabs tell of the same view at once: it counts once. */
export function ViewDemo() {
  const { token } = useToken();
  const { replies, sendAll } = useTabs<Tracked>(TABS);
  const [before, setBefore] = useState<Reply<Counts>>();
  const [after, setAfter] = useState<Reply<Counts>>();

  const { isBusy, run } = useOneAtATime(async () => {
    setAfter(undefined);
    setBefore(await askForJson(COUNTS, token));
    const body = { ...EVENT, sessionId: fresh() };
    await sendAll({ method: "POST", path: "/api/analytics/track", body }, token);
    setAfter(await askForJson(COUNTS, token));
  });
  const all = replies?.filter((reply) => reply !== undefined) ?? [];

  return (
    <section aria-labelledby="one-view">
      <h3 id="one-view">Three tabs, one view</h3>
      <p>
        A session is open in three tabs, and each tells of the same view of an artist. Dedup claims
        the event in Redis, so whichever comes first is counted, on whatever instance.
      </p>
      <button type="button" aria-disabled={isBusy} onClick={() => void run()}>
        Send one view from three tabs
      </button>
      <Tabs label="Answers to the view" tabs={numbered(TABS, replies, viewTab)} />
      <output className="conclusion">{!isBusy && all.length > 0 && viewWords(all)}</output>
      <dl className="figures">
        <Figure name="Today in Redis, before" value={countOf(before, EVENT.type)} />
        <Figure name="and after" value={countOf(after, EVENT.type)} />
      </dl>
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
