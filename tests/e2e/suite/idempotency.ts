import { describe, expect, test } from "vitest";
import { sign } from "../../support/sign.ts";
import type { World } from "./world.ts";

interface Sent {
  readonly user: string;
  readonly role?: string;
  readonly key?: string;
  readonly body?: object;
  /** The index of the instance. */
  readonly at?: number;
}

const TRIGGER = "/api/admin/pipeline/trigger";
const FINALIZE = "/api/onboarding/finalize";
const SESSION = { displayName: "Ada", city: "London", styles: ["blackwork"] };

/** Requests that are repeated with the same Idempotency-Key, on two instances. */
export function describeIdempotency(world: World): void {
  async function post(path: string, { user, role, key, body = {}, at = 0 }: Sent) {
    const token = await sign({ sub: user, ...(role !== undefined && { role }) });
    const answer = await world.ask(
      path,
      {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...(key !== undefined && { "idempotency-key": key }),
        },
        body: JSON.stringify(body),
      },
      world.instances[at],
    );
    return {
      status: answer.status,
      replayed: answer.headers.get("idempotency-replayed"),
      retryAfter: answer.headers.get("retry-after"),
      json: (await answer.json()) as Record<string, unknown>,
    };
  }

  describe("an Idempotency-Key", () => {
    test("a repeated Idempotency-Key returns the first response of a profile, from another instance", async () => {
      const user = "who-finalizes-again";
      await post("/api/onboarding/update-session", { user, body: SESSION });
      const first = await post(FINALIZE, { user, key: '"f-1"' });
      expect(first).toMatchObject({ status: 201, replayed: null, json: { profile: SESSION } });
      // The key is quoted as in the IETF's draft, or bare as Stripe's clients send it.
      for (const key of ['"f-1"', "f-1"]) {
        const again = await post(FINALIZE, { user, key, at: 1 });
        expect(again).toEqual({ ...first, replayed: "true" });
      }
      // Requests without the key or with another key find that the session has ended.
      expect(await post(FINALIZE, { user })).toMatchObject({ status: 404 });
      expect(await post(FINALIZE, { user, key: '"f-2"' })).toMatchObject({ status: 404 });
    });

    test("twenty concurrent requests with one Idempotency-Key start one job on two instances", async () => {
      const asked = { user: "who-triggers", role: "admin", body: { kind: "search-cache" } };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => post(TRIGGER, { ...asked, key: '"t-1"', at: i % 2 })),
      );
      const others = answers.filter(({ status }) => status !== 202);
      for (const { status, retryAfter } of others) {
        expect([status, Number(retryAfter) > 0]).toEqual([409, true]);
      }
      const [job, ...more] = new Set(
        answers.filter(({ status }) => status === 202).map(({ json }) => JSON.stringify(json)),
      );
      expect([job, more]).toEqual([expect.stringContaining('"status":"running"'), []]);
      const again = await post(TRIGGER, { ...asked, key: '"t-1"' });
      expect(again).toMatchObject({ status: 202, replayed: "true", json: JSON.parse(job ?? "") });
    });

    test("an Idempotency-Key is separate for each user, and rejected for another request of the same user", async () => {
      const path = "/api/dashboard/profile/delete";
      await post("/api/dashboard/profile/update", { user: "who-deletes", body: { city: "Rome" } });
      const mine = await post(path, { user: "who-deletes", key: '"d-1"' });
      expect(mine).toMatchObject({ status: 200, json: { deleted: true } });
      const again = await post(path, { user: "who-deletes", key: '"d-1"', at: 1 });
      expect(again).toMatchObject({ status: 200, replayed: "true", json: { deleted: true } });
      const theirs = await post(path, { user: "who-else-deletes", key: '"d-1"', at: 1 });
      expect(theirs).toMatchObject({ status: 200, replayed: null, json: { deleted: false } });
      const other = await post(FINALIZE, { user: "who-deletes", key: '"d-1"', at: 1 });
      expect(other).toMatchObject({
        status: 422,
        json: { title: "Idempotency-Key is already used" },
      });
    });

    test.each(["'f-1'", "f-1, f-2", '""', '"a", "b"'])(
      "the malformed Idempotency-Key %s is rejected with a description of a valid one",
      async (key) => {
        const answer = await post(FINALIZE, { user: "who-misspells", key });
        expect(answer).toMatchObject({
          status: 400,
          json: { title: "Idempotency-Key is not valid" },
        });
      },
    );

    test("a request without a user gets 401 each time, with or without an Idempotency-Key", async () => {
      const asking = { method: "POST", headers: { "idempotency-key": '"k"' } };
      for (const instance of world.instances) {
        const answer = await world.ask(FINALIZE, asking, instance);
        expect([answer.status, answer.headers.has("idempotency-replayed")]).toEqual([401, false]);
      }
    });
  });
}
