import { describe, expect, test } from "vitest";
import { PATIENT, type GuidesApp } from "./app.ts";

/** Tests limits in route handlers, behind the app's own middleware. */
export function testHandlers(guides: GuidesApp): void {
  const { newAddress, newClient } = guides;

  test("the app's own middleware runs behind the gate, which adds its headers", async () => {
    const options = { headers: newAddress(), redirect: "manual" } as const;
    const moved = await fetch(`${guides.url}/old`, options);
    expect(moved.status).toBe(307);
    expect(new URL(moved.headers.get("location") ?? "", guides.url).pathname).toBe("/contact");
  });

  describe("a route handler", () => {
    test("a route handler consumes a cost, denies a cost above the capacity, and refunds a failed one", async () => {
      const call = newClient();
      const report = await call("/api/reports?pages=8", "");
      expect(await report.json()).toEqual({ report: "8 pages", remaining: 12 });
      expect(report.headers.get("ratelimit")).toMatch(/^"api:ip:minute";r=599/);

      expect((await call("/api/reports?pages=12", "")).status).toBe(200);
      const denied = await call("/api/reports?pages=1", "");
      expect(denied.status).toBe(429);
      // If a rule of the edge matches too, its limit headers replace those of the handler.
      expect(denied.headers.get("ratelimit-policy")).toBe('"api:ip:minute";q=600;w=60');
      expect(Number(denied.headers.get("retry-after"))).toBeGreaterThan(3590);
      expect(await denied.json()).toMatchObject({ "violated-policies": ["reports:ip:hour"] });

      const other = newClient();
      expect((await other("/api/reports?pages=13", "")).status).toBe(503);
      await expect
        .poll(async () => (await other("/api/reports/left")).json(), PATIENT)
        .toEqual({
          remaining: 20,
          of: 20,
        });
    });

    test("a route handler counts its own key", async () => {
      const call = newClient();
      const answers = [await call("/api/ping"), await call("/api/ping"), await call("/api/ping")];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(answers[2]?.headers.get("retry-after")).toMatch(/^(?:59|60)$/);
    });
  });

  test("a body that Next would truncate is denied in an app without a setting for bodies", async () => {
    const send = (bytes: number) =>
      fetch(`${guides.url}/api/reports`, {
        method: "POST",
        headers: newAddress(),
        body: new Uint8Array(bytes),
      });
    const denied = await send(10_485_761);
    expect(denied.status).toBe(413);
    expect(await denied.json()).toMatchObject({ title: "Content Too Large" });
    // The handler received the body, and rejects it.
    expect((await send(10_485_760)).status).toBe(400);
  });
}
