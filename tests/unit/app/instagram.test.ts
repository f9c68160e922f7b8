import { describe, expect, test } from "vitest";
import { fetchMedia, FRESH_SECONDS } from "#app/_domain/instagram/media";
import { syncPortfolio } from "#app/_domain/instagram/sync";
import { createTokens } from "#app/_domain/instagram/tokens";
import { createVault } from "#lib/core/vault";
import { answering, expired, type Fault, instagramWorlds } from "../../support/instagram.ts";
import { liveStore } from "../../support/live-store.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();
const DAY = 24 * 3600 * 1000;

const live = liveStore();

const world = instagramWorlds(live, cleanUp);

describe("fifty tabs on three instances", () => {
  test("fifty tabs on three instances refresh the token once, fetch once, and all get the posts", async () => {
    const { standIn, one, other, third } = await world();
    const instances = [one, other, third];
    const tabs = Array.from({ length: 50 }, (_, i) =>
      syncPortfolio(instances[i % 3] ?? one, "ada"),
    );
    const answers = await Promise.all(tabs);
    expect(standIn.calls()).toEqual({ media: 1, refresh: 1 });
    expect(answers.filter(({ fetched }) => fetched)).toHaveLength(1);
    expect(answers.filter(({ refreshed }) => refreshed)).toHaveLength(1);
    expect(new Set(answers.map(({ syncedAt }) => syncedAt)).size).toBe(1);
    expect(answers.map(({ items }) => items)).toEqual(Array.from({ length: 50 }, () => 12));
  });

  test("fifty tabs on three instances get one failure without repeating the call", async () => {
    const { standIn, one, other } = await world(answering(500, "{}"));
    const tabs = Array.from({ length: 20 }, (_, i) => fetchMedia(i % 2 ? one : other, "ada"));
    const ends = await Promise.allSettled(tabs);
    expect(ends.filter(({ status }) => status === "rejected")).toHaveLength(20);
    expect(standIn.calls().media).toBe(1);
    for (const end of ends) {
      expect(end).toMatchObject({ reason: { problem: { status: 502, code: "INSTAGRAM_FAILED" } } });
    }
  });
});

describe("fetched posts", () => {
  test("fetched posts are returned without a call while they are fresh, on every route of the user", async () => {
    const { standIn, one, other, keys } = await world();
    const first = await fetchMedia(one, "ada");
    const again = await syncPortfolio(other, "ada");
    expect(first.fetched).toBe(true);
    expect(again).toMatchObject({ fetched: false, refreshed: false, syncedAt: first.fetchedAt });
    expect(standIn.calls().media).toBe(1);
    for (const key of await keys()) {
      const ttl = await live.direct.ttl(key);
      expect(ttl).toBeGreaterThan(0);
      const most = key.includes(":flight:") ? FRESH_SECONDS : Infinity;
      expect(ttl).toBeLessThanOrEqual(most);
    }
  });

  test("posts are fetched again when they are old, with the stored token", async () => {
    const { standIn, one, forget } = await world();
    await fetchMedia(one, "ada");
    await forget();
    expect(await fetchMedia(one, "ada")).toMatchObject({ fetched: true, refreshed: false });
    expect(standIn.calls()).toEqual({ media: 2, refresh: 1 });
  });

  test("one user's posts are not returned to another user", async () => {
    const { standIn, one } = await world();
    await Promise.all([fetchMedia(one, "ada"), fetchMedia(one, "grace")]);
    expect(standIn.calls()).toEqual({ media: 2, refresh: 2 });
  });
});

describe("a token", () => {
  test("a token is refreshed when fewer than ten days are left, and not before", async () => {
    const { standIn, one, forget, pass } = await world();
    await fetchMedia(one, "ada");
    pass(49 * DAY);
    await forget();
    expect(await fetchMedia(one, "ada")).toMatchObject({ refreshed: false });
    pass(2 * DAY);
    await forget();
    expect(await fetchMedia(one, "ada")).toMatchObject({ refreshed: true });
    expect(standIn.calls().refresh).toBe(2);
  });

  test("a token never appears in plain text in Redis, in an answer or in a failure", async () => {
    const { one, keys, breakBy, forget, failures } = await world();
    const answers = [JSON.stringify(await syncPortfolio(one, "ada"))];
    await forget();
    breakBy(answering(500, "{}"));
    const failed = await fetchMedia(one, "ada").catch((error: unknown) => error);
    answers.push(JSON.stringify(failed), String(failed), ...failures);
    const kept = await Promise.all(
      (await keys()).map(async (key) => `${key} ${(await live.direct.get(key)) ?? ""}`),
    );
    expect(kept.join("\n")).toContain("v2:");
    expect(failures.length).toBeGreaterThan(0);
    expect([...kept, ...answers].join("\n")).not.toMatch(/long-lived-token|stand-in-token/);
  });

  test("a new token is stored before it is used", async () => {
    const kept: boolean[] = [];
    const { one, keys, breakBy } = await world();
    const keysAtMedia = async () => {
      const all = await keys();
      kept.push(all.some((key) => key.includes("instagram-token")));
    };
    breakBy((path, response) => {
      if (path !== "/me/media") return false;
      void keysAtMedia().then(() => answering(200, { data: [] })(path, response));
      return true;
    });
    await fetchMedia(one, "ada");
    expect(kept).toEqual([true]);
  });

  test("a token that Instagram has ended is refreshed once, and the posts are fetched again", async () => {
    const { one, forget, breakBy, standIn } = await world();
    await fetchMedia(one, "ada");
    await forget();
    let refusals = 1;
    breakBy((path, response) => {
      if (path !== "/me/media" || refusals === 0) return false;
      refusals -= 1;
      return expired(path, response);
    });
    expect(await fetchMedia(one, "ada")).toMatchObject({ fetched: true, refreshed: true });
    expect(standIn.calls()).toEqual({ media: 3, refresh: 2 });
  });

  test("a token that cannot be refreshed yet is used until it expires", async () => {
    const { one, failures } = await world((path, response) =>
      path === "/refresh_access_token"
        ? answering(400, { error: { code: 100 } })(path, response)
        : false,
    );
    expect(await fetchMedia(one, "ada")).toMatchObject({ fetched: true, refreshed: false });
    expect(failures).toEqual([expect.stringMatching(/^refreshing a token: INSTAGRAM_FAILED/)]);
  });

  test("a token that another secret encrypted is replaced by the initial token, and reported", async () => {
    const { one, forget, failures } = await world();
    await fetchMedia(one, "ada");
    await forget();
    const changed = { ...one, vault: createVault("a changed secret of the tests, long enough") };
    expect(await fetchMedia(changed, "ada")).toMatchObject({ refreshed: true });
    expect(failures).toEqual([expect.stringContaining("decrypting a token")]);
  });

  test("a user without a token gets 409", async () => {
    const { one, isFree } = await world();
    const without = fetchMedia({ ...one, initialToken: undefined }, "ada");
    await expect(without).rejects.toMatchObject({ problem: { status: 409 } });
    expect(await isFree("ada")).toBe(true);
  });
});

const never: Fault = () => true;
const endless: Fault = (_, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write(`{"data":[],"more":"${"x".repeat(2 * 1024 * 1024)}"`);
  return true;
};

describe("Instagram that", () => {
  test.each<[string, Fault, number, string]>([
    ["does not answer", never, 504, "INSTAGRAM_TIMEOUT"],
    ["ends the token", expired, 409, "INSTAGRAM_TOKEN_EXPIRED"],
    ["limits us", answering(429, {}, { "retry-after": "120" }), 503, "INSTAGRAM_RATE_LIMITED"],
    ["limits us by code", answering(403, { error: { code: 4 } }), 503, "INSTAGRAM_RATE_LIMITED"],
    ["fails", answering(500, { error: { message: "secret" } }), 502, "INSTAGRAM_FAILED"],
    ["answers with invalid JSON", answering(200, "<html>"), 502, "INSTAGRAM_BAD_ANSWER"],
    [
      "answers with another form",
      answering(200, { data: [{ id: 1 }] }),
      502,
      "INSTAGRAM_BAD_ANSWER",
    ],
    ["answers with an empty body", answering(200, ""), 502, "INSTAGRAM_BAD_ANSWER"],
    ["answers with a body that is too large", endless, 502, "INSTAGRAM_BAD_ANSWER"],
    [
      "redirects",
      answering(302, "", { location: "http://127.0.0.1:1/" }),
      502,
      "INSTAGRAM_BAD_ANSWER",
    ],
    [
      "hangs up",
      (_, response) => {
        response.destroy();
        return true;
      },
      502,
      "INSTAGRAM_UNREACHABLE",
    ],
  ])(
    "Instagram that %s becomes a clear problem, and no token is lost",
    async (_, fault, status, code) => {
      const { one, forget, breakBy, mend, isFree, failures } = await world();
      await fetchMedia(one, "ada");
      const before = await createTokens(one).usable("ada");
      await forget();
      breakBy(fault);
      const failed = fetchMedia(one, "ada");
      await expect(failed).rejects.toMatchObject({ problem: { status, code } });
      await expect(failed).rejects.toHaveProperty(
        "retryAfter",
        { "limits us": 120, "limits us by code": 60 }[_],
      );
      expect(failures.join()).toContain(code);
      expect(await isFree("ada")).toBe(true);
      mend();
      expect(await createTokens(one).usable("ada")).toEqual(before);
    },
  );
});

test("a store that loses a new token loses neither the old token nor the lock", async () => {
  const { one, forget, pass, isFree, failures } = await world();
  await fetchMedia(one, "ada");
  const before = await createTokens(one).usable("ada");
  pass(55 * DAY);
  await forget();
  let sets = 0;
  const redis = new Proxy(one.redis, {
    get(target, name, receiver) {
      if (name !== "set") return Reflect.get(target, name, receiver) as unknown;
      return () => {
        sets += 1;
        return Promise.reject(new Error("not stored"));
      };
    },
  });
  await expect(fetchMedia({ ...one, redis }, "ada")).rejects.toThrow("not stored");
  expect(sets).toBe(2);
  expect(failures).toEqual(["storing a new token: Error: not stored"]);
  expect(await isFree("ada")).toBe(true);
  pass(-55 * DAY);
  expect(await createTokens(one).usable("ada")).toEqual(before);
});
