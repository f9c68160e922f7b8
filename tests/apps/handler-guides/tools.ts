import { describe, expect, test } from "vitest";
import type { GuidesApp } from "./app.ts";

/** Tests dedup, idempotency and locks in handlers. */
export function testTools(guides: GuidesApp): void {
  const { newClient } = guides;

  describe("dedup, idempotency and locks", () => {
    test("a visit counts once, and is processed again after it could not be recorded", async () => {
      const call = newClient();
      const visit = async (body: string) => (await call("/api/visits", body)).json();
      expect(await visit("session 1")).toEqual({ counted: true });
      expect(await visit("session 1")).toEqual({ counted: false });
      expect((await call("/api/visits", "broken")).status).toBe(503);
      expect((await call("/api/visits", "broken")).status).toBe(503);
    });

    test("a view grows its counter once", async () => {
      const call = newClient();
      const view = async (body: object) => (await call("/api/views", JSON.stringify(body))).json();
      expect(await view({ session: "1", artist: "7" })).toEqual({ counted: true });
      expect(await view({ session: "1", artist: "7" })).toEqual({ counted: false });
      expect(await view({ session: "2", artist: "7" })).toEqual({ counted: true });
    });

    test("an order with an Idempotency-Key runs once", async () => {
      const call = newClient();
      const headers = {
        authorization: "Bearer token-of-ada",
        "idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
      };
      const first = await call("/api/orders", "one guitar", headers);
      const second = await call("/api/orders", "one guitar", headers);
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.headers.get("idempotency-replayed")).toBe("true");
      expect(await second.json()).toEqual(await first.json());
      expect((await call("/api/orders", "two guitars", headers)).status).toBe(422);
      expect((await call("/api/orders", "one guitar")).status).toBe(400);
    });

    test("one of five concurrent rebuilds runs, and another one afterwards", async () => {
      const call = newClient();
      const rebuild = async () => (await call("/api/rebuild", "")).status;
      const statuses = await Promise.all(Array.from({ length: 5 }, rebuild));
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
      expect(await rebuild()).toBe(200);
    });

    test("concurrent callers share one result", async () => {
      const call = newClient();
      const rates = async () => (await call("/api/rates")).json();
      const answers: unknown[] = await Promise.all([rates(), rates(), rates()]);
      const shared = (isShared: boolean) => ({ rates: { usd: 1.1 }, isShared });
      expect(answers).toContainEqual(shared(false));
      expect(
        answers.filter((each) => JSON.stringify(each) === JSON.stringify(shared(true))),
      ).toHaveLength(2);
    });
  });
}
