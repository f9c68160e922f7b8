import { afterEach, expect, test, vi } from "vitest";
import { send, statusInWords } from "#app/_page/answer";
import { FRESH } from "#app/_page/samples";
import { problemResponse, QUOTA_EXCEEDED, REDUCED_CAPACITY } from "#lib/respond/problem";

const fetching = vi.fn<typeof fetch>();
vi.stubGlobal("fetch", fetching);
afterEach(() => fetching.mockReset());

const HELD = { method: "GET", path: "/api/search", isHeld: true };
const LIMITS = {
  "RateLimit-Policy": '"search:ip:minute";q=10;w=60',
  RateLimit: '"search:ip:minute";r=9;t=60',
};

function problem(status: number, type: string, headers: HeadersInit = LIMITS): Response {
  return problemResponse({ type, title: "No", status }, headers);
}

test.each<[string, string, Response]>([
  ["a route's answer", "allowed", new Response("{}", { headers: LIMITS })],
  ["a route's 404", "allowed", new Response(null, { status: 404, headers: LIMITS })],
  ["the gate's 429", "denied", problem(429, QUOTA_EXCEEDED)],
  ["the gate's 503", "failed", problem(503, REDUCED_CAPACITY, {})],
  ["a route's 429", "allowed", problem(429, "about:blank")],
  ["a route's 503", "allowed", new Response("down", { status: 503, headers: LIMITS })],
  ["a 503 that is null", "allowed", new Response("null", { status: 503, headers: LIMITS })],
  ["a checked answer without limits", "uncounted", new Response("{}")],
])("send reports %s as %s", async (_, outcome, response) => {
  fetching.mockResolvedValue(response);
  expect((await send(HELD)).outcome).toBe(outcome);
});

test("an answer without limits is allowed when the rule does not decide for every client", async () => {
  fetching.mockResolvedValue(new Response("{}"));
  expect((await send({ ...HELD, isHeld: false })).outcome).toBe("allowed");
});

test("send reports a failed request as an answer", async () => {
  fetching.mockRejectedValue(new TypeError("Failed to fetch"));
  expect(await send(HELD)).toMatchObject({ outcome: "failed", status: "No answer arrived." });
});

test("send reports a redirect as allowed", async () => {
  const response = Response.error();
  Object.defineProperty(response, "type", { value: "opaqueredirect" });
  fetching.mockResolvedValue(response);
  expect(await send(HELD)).toMatchObject({ outcome: "allowed", status: "A redirect" });
});

test("send keeps the status and the headers about limits", async () => {
  const headers = { ...LIMITS, "Retry-After": "17", "X-RateLimit-Limit": "10", Vary: "Accept" };
  fetching.mockResolvedValue(problem(429, QUOTA_EXCEEDED, headers));
  const answer = await send(HELD);
  expect(answer).toMatchObject({ status: "429 Too Many Requests", retryAfter: 17 });
  expect(Object.fromEntries(answer.headers)).toStrictEqual({
    ratelimit: '"search:ip:minute";r=9;t=60',
    "ratelimit-policy": '"search:ip:minute";q=10;w=60',
    "retry-after": "17",
    "x-ratelimit-limit": "10",
  });
});

test("a Retry-After of a route does not close the gate", async () => {
  const headers = { ...LIMITS, "Retry-After": "30" };
  fetching.mockResolvedValue(new Response(null, { status: 409, headers }));
  const answer = await send(HELD);
  expect(answer).toMatchObject({ outcome: "allowed", retryAfter: undefined });
  expect(answer.headers.get("retry-after")).toBe("30");
});

test("send requests JSON past every cache", async () => {
  fetching.mockResolvedValue(new Response());
  await send(HELD);
  expect(fetching).toHaveBeenCalledExactlyOnceWith("/api/search", {
    method: "GET",
    headers: { accept: "application/json" },
    cache: "no-store",
    redirect: "manual",
  });
});

test("send sends a body as JSON with a fresh value each time, and the token if there is one", async () => {
  fetching.mockImplementation(async () => new Response());
  const sample = { ...HELD, method: "POST", body: { name: `Artist ${FRESH}` } };
  await send(sample, "a.token.of-one");
  await send(sample, "a.token.of-one");
  const sent = fetching.mock.calls.map(([, init]) => init);
  for (const init of sent) {
    expect(init?.body).toMatch(/^\{"name":"Artist [0-9a-f]{24}"\}$/);
    expect(init?.headers).toStrictEqual({
      accept: "application/json",
      "content-type": "application/json",
      authorization: "Bearer a.token.of-one",
    });
  }
  expect(new Set(sent.map((init) => init?.body)).size).toBe(2);
});

test.each([
  [401, "Unauthorized", "allowed; the route answered 401 Unauthorized"],
  [404, "Not Found", "allowed; the route answered 404 Not Found"],
  [200, "OK", "200 OK"],
])("statusInWords names a %s of a route as the route's", async (status, statusText, words) => {
  fetching.mockResolvedValue(new Response("{}", { status, statusText, headers: LIMITS }));
  expect(statusInWords(await send(HELD))).toBe(words);
});

test("statusInWords does not name a 429 of the gate as the route's", async () => {
  fetching.mockResolvedValue(problem(429, QUOTA_EXCEEDED));
  expect(statusInWords(await send(HELD))).toBe("429 Too Many Requests");
});
