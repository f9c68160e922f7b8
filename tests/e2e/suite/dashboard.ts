import { describe, expect, test } from "vitest";
import type { Changed, Snapshot } from "#lib/dashboard/model";
import { openLive } from "../../support/dashboard.ts";
import { sign } from "../../support/sign.ts";
import { newAddress, type World } from "./world.ts";

/** The dashboard: its access, its changes and its streams. */
export function describeDashboard(world: World): void {
  describe("the dashboard", () => {
    const ask = async (path: string, role: string, { signal }: RequestInit = {}) => {
      const token = await sign({ sub: "operator", role });
      const headers = { authorization: `Bearer ${token}` };
      return world.ask(path, { headers, ...(signal && { signal }) });
    };

    test("the dashboard is a page for an admin, and a 404 for every other client", async () => {
      const statuses = await Promise.all(
        ["/dashboard", "/dashboard/live.sse"].flatMap((path) => [
          world.ask(path).then(({ status }) => status),
          ask(path, "user").then(({ status }) => status),
        ]),
      );
      expect(statuses).toEqual([404, 404, 404, 404]);
      const page = await ask("/dashboard", "admin");
      expect([page.status, page.headers.get("x-frame-options")]).toEqual([200, "DENY"]);
      expect(await page.text()).toContain("<!doctype html>");
    });

    test("the dashboard accepts a change from an admin's page alone, and records the admin's name", async () => {
      const change = async (site: string, role: string, body: object) => {
        const token = await sign({ sub: "operator", role });
        return world.ask("/dashboard/changes.json", {
          method: "POST",
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "sec-fetch-site": site,
          },
          body: JSON.stringify(body),
        });
      };
      const block = { action: "block", client: "203.0.113.0/24", for: "1m", reason: "a trial" };
      const refused = [
        await change("cross-site", "admin", block),
        await change("same-origin", "user", block),
      ];
      expect(refused.map(({ status }) => status)).toEqual([403, 404]);
      const set = await change("same-origin", "admin", block);
      expect(set.status).toBe(200);
      const { control } = (await set.json()) as Changed;
      expect(control.entries).toMatchObject([{ kind: "block", by: "operator" }]);
      const id = control.entries[0]?.id;
      const lifted = await change("same-origin", "admin", { action: "remove", id });
      expect(((await lifted.json()) as Changed).control.entries).toEqual([]);
    });

    test("the dashboard streams counts to two pages, and to one after the other has closed", async () => {
      const address = newAddress();
      const open = () => openLive((init) => ask("/dashboard/live.sse", "admin", init));
      const [one, two] = [await open(), await open()];
      const search = async (times: number) => {
        for (let i = 0; i < times; i += 1) {
          await (await world.ask("/api/search", { address })).arrayBuffer();
        }
      };
      const deniedOf = ({ rules }: Snapshot) =>
        rules.find(({ name }) => name === "search")?.lastHour.denied ?? 0;
      try {
        const before = deniedOf(await two.snapshot());
        await search(12);
        const all = [one, two].map((it) => it.snapshot((now) => deniedOf(now) >= before + 2));
        await Promise.all(all);
        // The first page's stream subscribes to the store where Pub/Sub is possible. The second one takes over.
        one.close();
        const source = world.target.reaches === "tcp" ? "polling" : "pub-sub";
        await two.snapshot((now) => now.source === source);
        await search(3);
        const last = await two.snapshot((now) => deniedOf(now) >= before + 5);
        expect(last.store.state).not.toBe("down");
      } finally {
        one.close();
        two.close();
      }
    });
  });
}
