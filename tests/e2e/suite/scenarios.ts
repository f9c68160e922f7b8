import { describe, expect, test } from "vitest";
import { sign } from "../../support/sign.ts";
import { newAddress, type World } from "./world.ts";

interface Asked {
  readonly body?: object;
  readonly user?: string;
  readonly role?: string;
  readonly address?: string;
}

const count = <T>(list: readonly T[], is: (it: T) => boolean) => list.filter(is).length;

/** The scenarios of the requirements document, on two instances over one Redis. */
export function describeScenarios(world: World): void {
  /** Sends `times` concurrent copies of a request, to the instances in turn. */
  const atOnce = async (times: number, path: string, asked: Asked) => {
    const { body = {}, user, role, address = newAddress() } = asked;
    const token = user && (await sign({ sub: user, ...(role !== undefined && { role }) }));
    const headers = {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const asking = { method: "POST", headers, body: JSON.stringify(body), address };
    return Promise.all(
      Array.from({ length: times }, async (_, i) => {
        const instance = world.instances[i % world.instances.length];
        const answer = await world.ask(path, asking, instance);
        return { status: answer.status, json: (await answer.json()) as unknown };
      }),
    );
  };
  const statuses = (answers: readonly { readonly status: number }[]) =>
    answers.map(({ status }) => status).toSorted((a, b) => a - b);

  describe("Scenario 1: limits on many instances", () => {
    test("10 of 20 concurrent searches succeed, on all instances together", async () => {
      const answers = await atOnce(20, "/api/search", { body: { q: "a" } });
      expect(count(answers, ({ status }) => status === 200)).toBe(10);
      expect(count(answers, ({ status }) => status === 429)).toBe(10);
    });

    test("a user's limit holds across instances and addresses, and does not affect another user", async () => {
      const remove = (user: string) => atOnce(2, "/api/dashboard/profile/delete", { user });
      const answers = [...(await remove("ada")), ...(await remove("ada"))];
      expect(statuses(answers)).toEqual([200, 200, 200, 429]);
      expect(statuses(await remove("grace"))).toEqual([200, 200]);
    });
  });

  describe("Scenario 2: an event from three tabs", () => {
    test("an event that is sent 50 times at once is counted once", async () => {
      const body = { type: "profile_view", artistId: "artist-1", sessionId: "a-session" };
      const answers = await atOnce(50, "/api/analytics/track", { body });
      const told = answers.map(({ json }) => JSON.stringify(json));
      expect(count(told, (it) => it === '{"tracked":true}')).toBe(1);
      expect(count(told, (it) => it === '{"tracked":false,"reason":"duplicate"}')).toBe(49);
    });
  });

  describe("Scenario 3: Instagram from several tabs", () => {
    test("a sync from 20 tabs is one token refresh and one fetch", async () => {
      const answers = await atOnce(20, "/api/dashboard/sync/trigger", { user: "artist-1" });
      expect(statuses(answers)).toEqual(Array.from({ length: 20 }, () => 200));
      expect(world.instagram.calls()).toEqual({ media: 1, refresh: 1 });
      const fetched = answers.filter(({ json }) => JSON.stringify(json).includes('"fetched":true'));
      expect(fetched).toHaveLength(1);
      for (const { json } of answers) expect(json).toMatchObject({ synced: true, items: 12 });
    });
  });

  describe("a lock", () => {
    test("a lock lets one of ten tabs finish an onboarding", async () => {
      const session = { displayName: "Ada", city: "London", styles: ["blackwork"] };
      const user = "who-finishes-once";
      const [begun] = await atOnce(1, "/api/onboarding/update-session", { user, body: session });
      expect(begun?.status).toBe(200);
      const answers = await atOnce(10, "/api/onboarding/finalize", { user });
      // The other requests came while one was running (409), or after it (404).
      expect(count(answers, ({ status }) => status === 201)).toBe(1);
      expect(count(answers, ({ status }) => status === 409 || status === 404)).toBe(9);
    });
  });
}
