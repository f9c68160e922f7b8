import { describe, expect, test } from "vitest";
import { finalize, SESSION_SECONDS, updateSession } from "#app/_domain/onboarding/onboarding";
import { profileChange, profiles, updateProfile } from "#app/_domain/profiles/profile";
import { liveStore } from "../../support/live-store.ts";
import { makeTools } from "../../support/tools.ts";

const COMPLETE = { displayName: "Ada", city: "London", styles: ["blackwork"] };

const live = liveStore();

describe("a profile", () => {
  test("a profile keeps fields that another tab has set", async () => {
    const one = makeTools(live.store);
    const other = one.again();
    await Promise.all([
      updateProfile(one, "ada", { city: "London" }),
      updateProfile(other, "ada", { bio: "Lines." }),
    ]);
    const all = await updateProfile(one, "ada", { styles: ["blackwork", "fineline"] });
    expect(all).toStrictEqual({
      city: "London",
      bio: "Lines.",
      styles: ["blackwork", "fineline"],
    });
  });

  test.each(["12345", "true", "null", '{"a":1}', "ünïcode 🖤", '"quoted"'])(
    "a profile returns the field %j as it was written",
    async (text) => {
      const tools = makeTools(live.store);
      expect(await updateProfile(tools, "ada", { bio: text })).toStrictEqual({ bio: text });
    },
  );

  test("a profile belongs to one user, expires, and can be deleted", async () => {
    const tools = makeTools(live.store);
    await updateProfile(tools, "ada", { city: "London" });
    await updateProfile(tools, "grace", { city: "New York" });
    for (const key of await live.direct.keys(`${tools.namespace}:*`)) {
      expect(await live.direct.ttl(key)).toBeGreaterThan(0);
      expect(key).not.toMatch(/ada|grace/);
    }
    expect(await profiles(tools).remove("ada")).toBe(true);
    expect(await profiles(tools).remove("ada")).toBe(false);
    expect(await profiles(tools).read("ada")).toBeUndefined();
    expect(await profiles(tools).read("grace")).toStrictEqual({ city: "New York" });
  });

  test("a profile leaves out fields that another release wrote and this one cannot read", async () => {
    const tools = makeTools(live.store);
    await updateProfile(tools, "ada", { city: "London" });
    const [key = ""] = await live.direct.keys(`${tools.namespace}:*`);
    await live.direct.hset(key, { bio: "7", unknown: '"x"', styles: "{" });
    expect(await profiles(tools).read("ada")).toStrictEqual({ city: "London" });
  });

  test.each([
    {},
    { unknown: 1 },
    { displayName: "  " },
    { displayName: "x".repeat(81) },
    { bio: 1 },
    { styles: "blackwork" },
    { styles: Array(11).fill("x") },
    { instagramHandle: "@ada" },
    { __proto__: null, city: null },
  ])("a profile rejects the change %j", (change) => {
    expect(profileChange.safeParse(change).success).toBe(false);
  });
});

describe("an onboarding", () => {
  test("an onboarding takes steps on any instance, and ends as a profile", async () => {
    const one = makeTools(live.store);
    const other = one.again();
    expect(await updateSession(one, "ada", { displayName: "Ada" })).toStrictEqual({
      session: { displayName: "Ada" },
      missing: ["city", "styles"],
      expiresInSeconds: SESSION_SECONDS,
    });
    await updateSession(other, "ada", { city: "London" });
    expect(await updateSession(one, "ada", { styles: ["blackwork"] })).toMatchObject({
      missing: [],
    });
    expect(await finalize(other, "ada")).toStrictEqual(COMPLETE);
    expect(await profiles(one).read("ada")).toStrictEqual(COMPLETE);
  });

  test("an onboarding waits 24 hours for its next step", async () => {
    const tools = makeTools(live.store);
    await updateSession(tools, "ada", COMPLETE);
    const [key = ""] = await live.direct.keys(`${tools.namespace}:*`);
    const ttl = await live.direct.ttl(key);
    expect(ttl).toBeLessThanOrEqual(24 * 3600);
    expect(ttl).toBeGreaterThan(24 * 3600 - 60);
  });

  test("an incomplete onboarding gets 409 and stays; a missing one gets 404", async () => {
    const tools = makeTools(live.store);
    await expect(finalize(tools, "ada")).rejects.toMatchObject({ problem: { status: 404 } });
    await updateSession(tools, "ada", { displayName: "Ada", styles: [] });
    await expect(finalize(tools, "ada")).rejects.toMatchObject({
      problem: { status: 409, missing: ["city", "styles"] },
    });
    await updateSession(tools, "ada", COMPLETE);
    expect(await finalize(tools, "ada")).toStrictEqual(COMPLETE);
    await expect(finalize(tools, "ada")).rejects.toMatchObject({ problem: { status: 404 } });
  });

  test("an onboarding keeps a step that another tab adds while it is finished", async () => {
    const tools = makeTools(live.store);
    await updateSession(tools, "ada", COMPLETE);
    let merges = 0;
    const redis = new Proxy(tools.redis, {
      get(target, name, receiver) {
        if (name === "multi") merges += 1;
        const found = Reflect.get(target, name, receiver) as unknown;
        if (name !== "multi" || merges !== 1 || typeof found !== "function") return found;
        // A step arrives before the profile is written.
        const late = updateSession(tools, "ada", { bio: "Lines." });
        const whenDone = { exec: () => late };
        return () => ({ hset: () => ({ expire: () => whenDone }) });
      },
    });
    const done = await finalize({ ...tools, redis }, "ada");
    expect(done).toStrictEqual({ ...COMPLETE, bio: "Lines." });
    expect(await profiles(tools).read("ada")).toStrictEqual(done);
  });

  test("an onboarding is finished by one of ten tabs", async () => {
    const one = makeTools(live.store);
    const other = one.again();
    await updateSession(one, "ada", COMPLETE);
    const tabs = Array.from({ length: 10 }, (_, i) => finalize(i % 2 ? one : other, "ada"));
    const ends = await Promise.allSettled(tabs);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
