import { describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { gateOptions } from "../support/options.ts";
import { gatesOn, passed, policy } from "../support/gate-of-rules.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();
const gate = gatesOn(live);

describe("an optimistic rule", () => {
  /** Returns functions that send a request, and record the store calls before and after the response. */
  function counted() {
    const { options } = gateOptions(live.store);
    const calls: string[] = [];
    const redis = {
      ...options.redis,
      evalsha: (sha: string, keys: string[], args: string[]) => {
        calls.push(args[0] ?? "");
        return options.redis.evalsha(sha, keys, args);
      },
    };
    const guard = createGate(policy, { ...options, redis });
    const later: Promise<unknown>[] = [];
    const send = async (path: string) => {
      const headers = { "x-forwarded-for": "203.0.113.9" };
      const request = new Request(`http://app.example${path}`, { headers });
      const answer = await guard(request, { waitUntil: (work) => later.push(work) });
      return { answer, before: calls.splice(0) };
    };
    const after = async () => {
      await Promise.all(later.splice(0));
      return calls.splice(0);
    };
    return { send, after, calls };
  }

  test("an optimistic rule calls the store for the first request, and reports the next ones after the response", async () => {
    const { send, after } = counted();
    expect(await send("/quick")).toMatchObject({ before: ["take"] });
    await after();
    const second = await send("/quick");
    expect(second.before).toEqual([]);
    expect(second.answer.headers.get("ratelimit")).toMatch(/^"quick:ip:minute";r=18;t=\d+$/);
    expect(second.answer.headers.get("ratelimit-policy")).toBe('"quick:ip:minute";q=20;w=60');
    expect(await after()).toEqual(["report"]);
    const third = await send("/quick");
    expect(third.before).toEqual([]);
    expect(third.answer.headers.get("ratelimit")).toMatch(/^"quick:ip:minute";r=17;/);
  });

  test("an optimistic rule calls the store near the limit, and the limit holds", async () => {
    const { send, after } = counted();
    const seen: string[] = [];
    for (let i = 0; i < 22; i += 1) {
      const { answer, before } = await send("/quick");
      const remaining = /r=(\d+)/.exec(answer.headers.get("ratelimit") ?? "")?.[1];
      seen.push(`${answer.status} ${remaining} ${before.join()}`);
      await after();
    }
    expect(seen[0]).toBe("200 19 take");
    expect(seen.slice(1, 18)).toEqual(Array.from({ length: 17 }, (_, i) => `200 ${18 - i} `));
    expect(seen.slice(18)).toEqual(["200 1 take", "200 0 take", "429 0 take", "429 0 "]);
  });

  test.each(["/quick/too", "/quick/seen"])(
    "%s: an optimistic rule beside a strict rule, or one in shadow, calls the store",
    async (path) => {
      const { send, after } = counted();
      for (let i = 0; i < 3; i += 1) {
        expect((await send(path)).before).toEqual(["take"]);
        expect(await after()).toEqual([]);
      }
    },
  );
});

test("a failed report is an event, and the next request calls the store", async () => {
  const { options, events } = gateOptions(live.store);
  let isUnavailable = false;
  const redis = {
    ...options.redis,
    evalsha: (...call: Parameters<typeof options.redis.evalsha>) =>
      isUnavailable ? Promise.reject(new Error("lost")) : options.redis.evalsha(...call),
  };
  const { send } = gate({ redis, onEvent: options.onEvent });
  expect(passed(await send("/quick"))).toBe(true);
  isUnavailable = true;
  expect(passed(await send("/quick"))).toBe(true);
  expect(events.at(-1)).toMatchObject({
    kind: "failure",
    during: "report",
  });
  isUnavailable = false;
  expect(passed(await send("/quick"))).toBe(true);
  const decisions = events.flatMap((event) => (event.kind === "decision" ? [event.decision] : []));
  expect(decisions.map((decision) => decision.counted)).toEqual([
    "in-store",
    "after-answer",
    "in-store",
  ]);
});
