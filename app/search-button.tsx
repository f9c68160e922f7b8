"use client";

import { type FormEvent, useState } from "react";
import { type Answer, postSearch } from "./search-answer.ts";
import { AnswerView } from "./search-answer-view.tsx";

/** Searches on request and shows what the gate said to it. */
export function SearchButton() {
  const [answer, setAnswer] = useState<Answer>();
  const [pending, setPending] = useState(0);

  async function search(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const q = new FormData(event.currentTarget).get("q");
    setPending((count) => count + 1);
    const answer = await postSearch(typeof q === "string" ? q : "");
    setPending((count) => count - 1);
    // Answers may overtake each other; the one to the last search stays.
    setAnswer((shown) => (shown && shown.id > answer.id ? shown : answer));
  }

  return (
    <div className="card">
      <form onSubmit={(event) => void search(event)}>
        <label htmlFor="q">Name, city, style or handle</label>
        <div className="field">
          <input id="q" name="q" type="search" maxLength={100} placeholder="fine line" />
          {/* Not disabled meanwhile: who presses faster than answers come shall meet the gate. */}
          <button type="submit" aria-busy={pending > 0}>
            Search
          </button>
        </div>
      </form>
      <AnswerView answer={answer} />
    </div>
  );
}
