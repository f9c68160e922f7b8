import { describe, expect, onTestFinished, test, vi } from "vitest";
import { failed } from "#app/_domain/http/failed";
import { createInstagram } from "#app/_domain/instagram/client";
import { fetchMedia } from "#app/_domain/instagram/media";
import { reportFailure } from "#app/_domain/report-failure";
import { startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import { answering, expired, FIRST, instagramWorlds } from "../../support/instagram.ts";
import { liveStore } from "../../support/live-store.ts";
import { scope } from "../../support/scope.ts";
import { makeTools } from "../../support/tools.ts";

const cleanUp = scope();
const live = liveStore();
const world = instagramWorlds(live, cleanUp);

const ENDED = { problem: { status: 409, code: "INSTAGRAM_TOKEN_EXPIRED" } };

describe("a connection that has ended", () => {
  test("an expired connection costs one refresh and one fetch, and gets 409", async () => {
    const { one, standIn } = await world(expired);
    await expect(fetchMedia(one, "ada")).rejects.toMatchObject(ENDED);
    expect(standIn.calls()).toEqual({ media: 1, refresh: 1 });
  });

  test("an expired connection gets 409 whatever Instagram answers to the refresh, and the log has that answer", async () => {
    const { one, standIn, forget, breakBy, failures } = await world();
    await fetchMedia(one, "ada");
    await forget();
    breakBy((path, response) =>
      path === "/me/media"
        ? expired(path, response)
        : answering(400, { error: { code: 100 } })(path, response),
    );
    await expect(fetchMedia(one, "ada")).rejects.toMatchObject(ENDED);
    expect(standIn.calls()).toEqual({ media: 2, refresh: 2 });
    expect(failures[0]).toMatch(/^refreshing a token: INSTAGRAM_FAILED/);
  });

  test("another initial token starts a new connection, and the earlier one continues with its token", async () => {
    const { one, standIn, forget } = await world();
    await fetchMedia(one, "ada");
    await forget();
    const token = "a-first-token-of-later";
    const later = cleanUp(await startInstagramStandIn({ token }), (it) => it.stop());
    const again = { ...one, initialToken: token, instagram: createInstagram({ url: later.url }) };
    expect(await fetchMedia(again, "ada")).toMatchObject({ fetched: true, refreshed: true });
    await forget();
    expect(await fetchMedia(one, "ada")).toMatchObject({ fetched: true, refreshed: false });
    expect(standIn.calls().refresh).toBe(1);
  });
});

describe("a request that waits for another request's fetch", () => {
  test("a waiting request gets 503 with a Retry-After after its wait, and calls no API", async () => {
    const { one, standIn } = await world();
    await one.locks.acquireLock("instagram:ada", 30);
    const waiting = fetchMedia({ ...one, wait: 0.2 }, "ada");
    await expect(waiting).rejects.toMatchObject({ problem: { status: 503 }, retryAfter: 5 });
    expect(standIn.calls()).toEqual({ media: 0, refresh: 0 });
  });

  test("a waiting request does not wait when the store is unavailable", async () => {
    const { one, standIn } = await world();
    const unavailable = makeTools({ url: "http://127.0.0.1:1", token: "x" });
    const pending = fetchMedia({ ...one, ...unavailable }, "ada");
    await expect(pending).rejects.toMatchObject({ name: "StoreError" });
    expect(unavailable.failures).not.toContain("lock-acquire");
    expect(standIn.calls()).toEqual({ media: 0, refresh: 0 });
  });
});

test("a failed call whose error contains the address leaves no token in the log or the answer", async () => {
  const lines: string[] = [];
  const warn = vi
    .spyOn(console, "warn")
    .mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => warn.mockRestore());
  const { one } = await world();
  const instagram = createInstagram({
    url: "https://graph.instagram.com",
    fetch: (target) => {
      const { url } = new Request(target);
      const cause = new Error(`connect to ${url}`);
      return Promise.reject(new TypeError(`fetch failed: ${url}`, { cause }));
    },
  });
  const error = await fetchMedia({ ...one, instagram, onFailure: reportFailure }, "ada").catch(
    (thrown: unknown) => thrown,
  );
  const answer = failed(error);
  expect(answer.status).toBe(502);
  expect(lines.join()).toContain("INSTAGRAM_UNREACHABLE");
  expect([...lines, await answer.text(), String(error)].join()).not.toContain(FIRST);
  expect(error).not.toHaveProperty("cause");
});
