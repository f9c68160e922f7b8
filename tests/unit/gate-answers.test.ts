import { describe, expect, test } from "vitest";
import { definePolicy } from "#lib/policy/define";
import { answeringGates, rules, TOLD, toldBy } from "../support/answering-gate.ts";
import { liveStore } from "../support/live-store.ts";

const gate = answeringGates(liveStore());

describe("the rate-limit headers of an allowed request", () => {
  test.each(["GET", "HEAD"])(
    "an allowed %s has no rate-limit headers by default, since a cache may keep the response",
    async (method) => {
      const { send } = gate({ legacyHeaders: true });
      expect(toldBy(await send("/plain", { method }))).toEqual([]);
    },
  );

  test.each(["POST", "PUT", "PATCH", "DELETE"])(
    "an allowed %s has rate-limit headers by default",
    async (method) => {
      const { send } = gate({ legacyHeaders: true });
      expect(toldBy(await send("/plain", { method }))).toEqual(TOLD);
    },
  );

  test("the rule's headers option decides for every method", async () => {
    const { send } = gate();
    expect((await send("/told")).headers.get("ratelimit")).toMatch(/^"told:ip:minute";r=1/);
    expect(toldBy(await send("/quiet", { method: "POST" }))).toEqual([]);
  });

  test("the policy's default decides when the rule has no headers option", async () => {
    const always = definePolicy({ defaults: { headers: "always" }, rules });
    const { send } = gate({}, undefined, always);
    expect((await send("/plain")).headers.get("ratelimit")).toMatch(/^"plain:ip:minute";r=1/);
    expect(toldBy(await send("/quiet"))).toEqual([]);
  });

  test("a request of several rules has the headers of those rules that permit it", async () => {
    const answer = await gate().send("/both");
    expect(answer.headers.get("ratelimit")).toMatch(/^"first:ip:minute";r=4;t=\d+$/);
    expect(answer.headers.get("ratelimit-policy")).toBe('"first:ip:minute";q=5;w=60');
  });
});

describe("a denial", () => {
  test.each(["/plain", "/told", "/quiet"])(
    "a denial on %s has rate-limit headers, and is not cached",
    async (path) => {
      const { send } = gate();
      await send(path);
      await send(path);
      const answer = await send(path);
      expect(answer.status).toBe(429);
      expect(answer.headers.get("ratelimit")).toContain(`"${path.slice(1)}:ip:minute";r=0;t=`);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    },
  );

  test("a denial by onDenied is not cached either", async () => {
    const headers = {
      "Cache-Control": "public, s-maxage=60",
      "CDN-Cache-Control": "max-age=60",
      "Vercel-CDN-Cache-Control": "max-age=60",
    };
    const { send } = gate({ onDenied: () => new Response("no", { status: 429, headers }) });
    await send("/plain");
    await send("/plain");
    const answer = await send("/plain");
    expect(await answer.text()).toBe("no");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect([...answer.headers.keys()].filter((name) => name.includes("cdn"))).toEqual([]);
  });
});
