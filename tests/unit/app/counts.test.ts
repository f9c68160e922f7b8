import { expect, test } from "vitest";
import { answerCounts } from "#app/_domain/analytics/counts";
import { track } from "#app/_domain/analytics/track";
import { getRoute } from "#app/_domain/http/get-route";
import { liveStore } from "../../support/live-store.ts";
import { makeTools } from "../../support/tools.ts";

const live = liveStore();

function ask(query: string, tools = makeTools(live.store)): Promise<Response> {
  const { GET } = getRoute((request) => answerCounts(request, tools));
  return GET(new Request(`http://app.example/api/analytics/counts${query}`));
}

test("answerCounts returns today's counts of an artist by type, and no cache stores them", async () => {
  const tools = makeTools(live.store);
  const sent = [
    ["artist-1", "profile_view", "s-1"],
    ["artist-1", "profile_view", "s-2"],
    ["artist-1", "click", "s-1"],
    ["artist-2", "click", "s-1"],
  ] as const;
  for (const [artistId, type, sessionId] of sent) await track(tools, { artistId, type, sessionId });
  const answer = await ask("?artistId=artist-1", tools);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(await answer.json()).toStrictEqual({
    artistId: "artist-1",
    counts: { profile_view: 2, click: 1 },
  });
});

test("answerCounts returns no counts for an artist without events", async () => {
  expect(await (await ask("?artistId=nobody")).json()).toStrictEqual({
    artistId: "nobody",
    counts: {},
  });
});

test.each([
  ["", { parameter: "artistId", detail: "It must be given exactly once." }],
  ["?artistId=", { parameter: "artistId" }],
  ["?artistId=a%20b", { parameter: "artistId" }],
  [`?artistId=${"x".repeat(129)}`, { parameter: "artistId" }],
  ["?artistId=a&artistId=b", { parameter: "artistId" }],
  ["?artistId=a&day=today", { detail: 'Unrecognized key: "day"' }],
])("answerCounts rejects the query %j and names the error", async (query, error) => {
  const answer = await ask(query);
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toMatchObject({ errors: [error] });
});

test("answerCounts answers 503 when the store is unavailable", async () => {
  const unavailable = makeTools({ url: "http://127.0.0.1:1", token: "none" });
  const answer = await ask("?artistId=artist-1", unavailable);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ title: "The store is unavailable" });
});
