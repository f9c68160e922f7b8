import { UnsecuredJWT } from "jose";
import { expect, test, vi } from "vitest";
import { askForJson, type Reply } from "#app/_page/reply";
import { type Synced, syncTab, syncWords } from "#app/_page/sync-words";
import { readToken } from "#app/_page/token-words";
import { countOf, viewTab, viewWords } from "#app/_page/view-words";

const NOW = Date.parse("2026-01-10T12:00:30Z");

function answered<T>(body: T): Reply<T> {
  return { kind: "answered", body, durationMs: 12.4, at: NOW };
}

const refused = (retryAfter?: number) => ({ kind: "refused", retryAfter }) as const;
const failed = (status?: number, title = "No answer came") =>
  ({ kind: "failed", status, title }) as const;
const counted = answered({ tracked: true });
const duplicate = answered({ tracked: false });

const sync = (fetched = false, refreshed = false): Reply<Synced> =>
  answered({ items: 12, syncedAt: "2026-01-10T12:00:18Z", fetched, refreshed });

test.each([
  [[duplicate, counted, duplicate], "Counted 1 of 3."],
  [[duplicate, duplicate, duplicate], "Counted 0 of 3."],
  [
    [counted, refused(42), refused(3599)],
    "Counted 1 of 3. The limit refused 2 (429). There is room again in 59:59.",
  ],
  [[refused()], "Counted 0 of 1. The limit refused 1 (429)."],
  [
    [failed(503, "The store does not answer"), failed(), failed()],
    "Counted 0 of 3. 3 failed: 503 The store does not answer, No answer came.",
  ],
])("the views %j are told as %j", (replies, words) => {
  expect(viewWords(replies)).toBe(words);
});

test.each([
  [
    [sync(true, true), sync(), sync()],
    "Instagram was called once for media, once for a new token.",
  ],
  [[sync(true), sync()], "Instagram was called once for media, not for a new token."],
  [[sync(true), sync(true)], "Instagram was called twice for media, not for a new token."],
  [[sync(), sync()], "Nobody called Instagram: all were answered from what was fetched 12 s ago."],
  [
    [sync(true), refused(7)],
    "Instagram was called once for media, not for a new token. The limit refused 1 (429). There is room again in 0:07.",
  ],
  [[failed(502, "Instagram does not answer")], "1 failed: 502 Instagram does not answer."],
  [
    [failed(401, "Not signed in"), failed(401, "Not signed in")],
    "Syncing needs somebody signed in (401). Paste a token above, and press again.",
  ],
])("the syncs %j are told as %j", (replies, words) => {
  expect(syncWords(replies)).toBe(words);
});

test("each tab says what it was answered", () => {
  expect(
    [counted, duplicate, refused(1), failed(401, "Not signed in"), failed()].map(viewTab),
  ).toStrictEqual([
    { look: "did", words: "counted", detail: "12 ms" },
    { look: "spared", words: "duplicate", detail: "12 ms" },
    { look: "refused", words: "refused", detail: "429" },
    { look: "failed", words: "failed", detail: "401" },
    { look: "failed", words: "failed", detail: "no answer" },
  ]);
  expect([sync(true, true), sync(true), sync(false, true), sync()].map(syncTab)).toStrictEqual([
    { look: "did", words: "fetched", detail: "new token" },
    { look: "did", words: "fetched", detail: "12 ms" },
    { look: "did", words: "renewed", detail: "new token" },
    { look: "spared", words: "given", detail: "12 ms" },
  ]);
});

test("a count that is not known is said to be", () => {
  const counts = answered({ counts: { profile_view: 3 } });
  expect(countOf(undefined, "profile_view")).toBe("–");
  expect(countOf(counts, "profile_view")).toBe("3");
  expect(countOf(counts, "click")).toBe("0");
  expect(countOf(refused(), "click")).toBe("unknown (429)");
  expect(countOf(failed(503, "Down"), "click")).toBe("unknown (503)");
  expect(countOf(failed(), "click")).toBe("unknown (no answer)");
});

const token = (claims: object) =>
  `${new UnsecuredJWT({ sub: "artist-1", ...claims }).encode()}c2lnbmF0dXJl`;

test.each([
  ["", false, /^Without one, /],
  ["not a token", false, /^This is no token/],
  ["a.b.c", false, /^This is no token/],
  ["ä.ö.ü", false, /^This is no token/],
  [token({}), true, /^Requests are sent as artist-1\.$/],
  [
    token({ role: "admin", exp: NOW / 1000 + 60 }),
    true,
    /^Requests are sent as artist-1, admin, until \d\d:\d\d\.$/,
  ],
  [
    token({ exp: NOW / 1000 }),
    true,
    /^This token of artist-1 ended at \d\d:\d\d\. Print another\.$/,
  ],
])("what is pasted, %j, is sent as a token: %s", (text, isSent, words) => {
  const read = readToken(text, NOW);
  expect(read.token).toBe(isSent ? text : undefined);
  expect(read.words).toMatch(words);
});

test("what is around a token when it is pasted is left out", () => {
  expect(readToken(`  Bearer ${token({})}\n`, NOW).token).toBe(token({}));
});

test("an answer is read with the server's time; what is none is told by its title", async () => {
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
  expect(await replyTo(full)).toStrictEqual(refused(7));
  const problem = Response.json({ title: "Not signed in" }, { status: 401 });
  expect(await replyTo(problem)).toStrictEqual(failed(401, "Not signed in"));
  const plain = new Response("<p>", { status: 404, statusText: "Not Found" });
  expect(await replyTo(plain)).toStrictEqual(failed(404, "Not Found"));
  fetching.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  expect(await askForJson(request)).toStrictEqual(failed());
  vi.unstubAllGlobals();
});
