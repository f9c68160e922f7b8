import { UnsecuredJWT } from "jose";
import { expect, test, vi } from "vitest";
import { askForJson, type Reply } from "#app/_page/reply";
import { type Synced, syncTab, syncWords } from "#app/_page/sync-words";
import { readToken } from "#app/_page/token-words";
import { type Counts, countsInWords, viewTab, viewWords } from "#app/_page/view-words";

const NOW = Date.parse("2026-01-10T12:00:30Z");

function answered<T>(body: T): Reply<T> {
  return { kind: "answered", body, durationMs: 12.4, at: NOW };
}

const denied = (retryAfter?: number) => ({ kind: "denied", retryAfter }) as const;
const rejected = (status: number, title: string) => ({ kind: "rejected", status, title }) as const;
const failed = (status?: number, title = "No answer arrived") =>
  ({ kind: "failed", status, title }) as const;
const counted = answered({ tracked: true });
const duplicate = answered({ tracked: false });

const sync = (fetched = false, refreshed = false): Reply<Synced> =>
  answered({ items: 12, syncedAt: "2026-01-10T12:00:18Z", fetched, refreshed });

test.each([
  [[duplicate, counted, duplicate], "Counted 1 of 3."],
  [[duplicate, duplicate, duplicate], "Counted 0 of 3."],
  [
    [counted, denied(42), denied(3599)],
    "Counted 1 of 3. The limit denied 2 (429). Capacity returns in 59:59.",
  ],
  [[denied()], "Counted 0 of 1. The limit denied 1 (429)."],
  [
    [failed(503, "The store is unavailable"), failed(), failed()],
    "Counted 0 of 3. 3 failed: 503 The store is unavailable, No answer arrived.",
  ],
])("viewWords describes the replies %j as %j", (replies, words) => {
  expect(viewWords(replies)).toBe(words);
});

test.each([
  [
    [sync(true, true), sync(), sync()],
    "Instagram was called once for media, once for a new token.",
  ],
  [[sync(true), sync()], "Instagram was called once for media, not for a new token."],
  [[sync(true), sync(true)], "Instagram was called twice for media, not for a new token."],
  [[sync(), sync()], "No request called Instagram: all got the result of 12 s ago."],
  [
    [sync(true), denied(7)],
    "Instagram was called once for media, not for a new token. The limit denied 1 (429). Capacity returns in 0:07.",
  ],
  [[failed(502, "Instagram does not answer")], "1 failed: 502 Instagram does not answer."],
  [
    [sync(true), rejected(403, "The request does not come from a page of this app")],
    "Instagram was called once for media, not for a new token. The route rejected 1: 403 The request does not come from a page of this app.",
  ],
  [
    [rejected(401, "Not signed in"), rejected(401, "Not signed in")],
    "The gate allowed all requests; the route answered 401. Sign in or use a token, and try again.",
  ],
])("syncWords describes the replies %j as %j", (replies, words) => {
  expect(syncWords(replies)).toBe(words);
});

test("viewTab and syncTab describe each tab's reply", () => {
  expect(
    [counted, duplicate, denied(1), rejected(401, "Not signed in"), failed(503), failed()].map(
      viewTab,
    ),
  ).toStrictEqual([
    { look: "did", words: "counted", detail: "12 ms" },
    { look: "spared", words: "duplicate", detail: "12 ms" },
    { look: "denied", words: "denied", detail: "429" },
    { look: "rejected", words: "rejected", detail: "401" },
    { look: "failed", words: "failed", detail: "503" },
    { look: "failed", words: "failed", detail: "no answer" },
  ]);
  expect([sync(true, true), sync(true), sync(false, true), sync()].map(syncTab)).toStrictEqual([
    { look: "did", words: "fetched", detail: "new token" },
    { look: "did", words: "fetched", detail: "12 ms" },
    { look: "did", words: "renewed", detail: "new token" },
    { look: "spared", words: "given", detail: "12 ms" },
  ]);
});

test("countsInWords gives the counts before and after, and the reason for an unknown count", () => {
  const counts = answered({ counts: { profile_view: 3 } });
  const words = (before: Reply<Counts>, after: Reply<Counts>, type = "profile_view") =>
    countsInWords(before, after, type);
  expect(words(counts, counts)).toBe("Today in Redis: 3 before, 3 after.");
  expect(words(counts, counts, "click")).toBe("Today in Redis: 0 before, 0 after.");
  expect(words(denied(), failed(503, "Down"))).toBe(
    "Today in Redis: unknown (429) before, unknown (503) after.",
  );
  expect(words(failed(), counts)).toBe("Today in Redis: unknown (no answer) before, 3 after.");
});

const token = (claims: object) =>
  `${new UnsecuredJWT({ sub: "artist-1", ...claims }).encode()}c2lnbmF0dXJl`;

test.each([
  ["", false, /^Without a token, /],
  ["not a token", false, /^This is not a token/],
  ["a.b.c", false, /^This is not a token/],
  ["ä.ö.ü", false, /^This is not a token/],
  [token({}), true, /^Requests are sent as artist-1\.$/],
  [
    token({ role: "admin", exp: NOW / 1000 + 60 }),
    true,
    /^Requests are sent as artist-1, admin, until \d\d:\d\d\.$/,
  ],
  [
    token({ exp: NOW / 1000 }),
    true,
    /^This token of artist-1 expired at \d\d:\d\d\. Print a new one\.$/,
  ],
])("readToken reads %j as a token: %s", (text, isToken, words) => {
  const read = readToken(text, NOW);
  expect(read.token).toBe(isToken ? text : undefined);
  expect(read.words).toMatch(words);
  expect(read.caller?.user).toBe(isToken ? "artist-1" : undefined);
});

test("readToken ignores space around a pasted token", () => {
  expect(readToken(`  Bearer ${token({})}\n`, NOW).token).toBe(token({}));
});

test("askForJson uses the server's time, and the title of an answer that is not JSON", async () => {
  const fetching = vi.fn<typeof fetch>();
  vi.stubGlobal("fetch", fetching);
  const request = { method: "POST", path: "/api/x", body: {} };
  const replyTo = (answer: Response) => {
    fetching.mockResolvedValueOnce(answer);
    return askForJson(request, "a.token.of-one");
  };
  const date = "Sat, 10 Jan 2026 12:00:30 GMT";
  expect(await replyTo(Response.json({ a: 1 }, { headers: { date } }))).toMatchObject({
    kind: "answered",
    body: { a: 1 },
    at: NOW,
  });
  expect(fetching.mock.lastCall?.[1]).toMatchObject({
    body: "{}",
    headers: { "content-type": "application/json", authorization: "Bearer a.token.of-one" },
  });
  const full = new Response(null, { status: 429, headers: { "Retry-After": "7" } });
  expect(await replyTo(full)).toStrictEqual(denied(7));
  const problem = Response.json({ title: "Not signed in" }, { status: 401 });
  expect(await replyTo(problem)).toStrictEqual(rejected(401, "Not signed in"));
  const plain = new Response("<p>", { status: 404, statusText: "Not Found" });
  expect(await replyTo(plain)).toStrictEqual(rejected(404, "Not Found"));
  const down = Response.json({ title: "The store is unavailable" }, { status: 503 });
  expect(await replyTo(down)).toStrictEqual(failed(503, "The store is unavailable"));
  fetching.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  expect(await askForJson(request)).toStrictEqual(failed());
  vi.unstubAllGlobals();
});
