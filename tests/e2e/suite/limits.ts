import { parseList } from "structured-headers";
import { describe, expect, test } from "vitest";
import { sign } from "../../support/sign.ts";
import { newAddress, type World } from "./world.ts";
import { times } from "../../support/repeat.ts";

/** The name and the remaining units of each limit in the RateLimit header. */
export const limitsOf = (answer: Response | undefined) =>
  parseList(answer?.headers.get("ratelimit") ?? "").map(([name, all]) => [name, all.get("r")]);

export function describeLimits(world: World): void {
  const repeat = async (count: number, path: string, address: string, method = "POST") => {
    const answers: Response[] = [];
    for (let i = 0; i < count; i += 1) answers.push(await world.ask(path, { address, method }));
    return answers;
  };

  describe("limits", () => {
    test("ten searches a minute are allowed and the eleventh is denied, with the standard headers", async () => {
      const address = newAddress();
      const answers = await repeat(11, "/api/search", address);
      expect(answers.map(({ status }) => status)).toEqual([...times(10, 200), 429]);

      const [first] = answers;
      expect(first?.headers.get("ratelimit-policy")).toBe(
        '"api:ip:minute";q=600;w=60, "search:ip:minute";q=10;w=60',
      );
      expect(limitsOf(first)).toEqual([
        ["api:ip:minute", 599],
        ["search:ip:minute", 9],
      ]);

      const denied = answers[10];
      const wait = Number(denied?.headers.get("retry-after"));
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60);
      expect(denied?.headers.get("ratelimit")).toBe(`"search:ip:minute";r=0;t=${wait}`);
      expect(denied?.headers.get("content-type")).toBe("application/problem+json");
      expect(denied?.headers.get("cache-control")).toBe("no-store");
      expect(await denied?.json()).toMatchObject({
        type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
        status: 429,
        "violated-policies": ["search:ip:minute"],
      });

      // A denial consumes nothing: the rule of the whole API has 590 units left before this request.
      const elsewhere = await world.ask("/api/analytics/track", { address });
      expect(limitsOf(elsewhere)[0]).toEqual(["api:ip:minute", 589]);
    });

    test("a denied browser gets a page with the time to wait, and a denied HEAD gets no body", async () => {
      const address = newAddress();
      await repeat(10, "/api/search", address, "GET");
      const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
      const page = await world.ask("/api/search", { address, headers: { accept } });
      expect(page.status).toBe(429);
      expect(page.headers.get("content-type")).toContain("text/html");
      expect(await page.text()).toMatch(/Please try again in \d+ (?:second|minute)s?\./);

      const head = await world.ask("/api/search", { address, method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([429, ""]);
      expect(head.headers.get("retry-after")).toMatch(/^\d+$/);
    });

    test("health is exempt, and pages without a rule and preflights are not limited", async () => {
      for (const [method, path, status] of [
        ["GET", "/api/health", 200],
        ["GET", "/api/health/redis", 200],
        ["GET", "/", 200],
        ["OPTIONS", "/api/search", 204],
      ] as const) {
        const answer = await world.ask(path, { method });
        expect([path, answer.status]).toEqual([path, status]);
        expect(answer.headers.has("ratelimit")).toBe(false);
      }
      const health = await (await world.ask("/api/health/redis")).json();
      expect(health).toStrictEqual({
        status: expect.stringMatching(/^(?:ok|degraded)$/),
        reasons: expect.any(Array),
        mode: "enforce",
        breaker: "closed",
        roundTripMs: expect.any(Number),
        lastMinute: {
          calls: expect.any(Number),
          failed: expect.any(Number),
          notSent: expect.any(Number),
          p50Ms: expect.any(Number),
          p95Ms: expect.any(Number),
        },
      });
    });

    test("limits count users by verified token at any address, and all other clients by address", async () => {
      const path = "/api/dashboard/profile/delete";
      const remaining = async (address: string, headers: Record<string, string> = {}) => {
        const answer = await world.ask(path, { method: "POST", address, headers });
        return new Map(limitsOf(answer).map(([name, r]) => [name, r])).get(
          "profile-delete:user:day",
        );
      };
      const [here, there] = [newAddress(), newAddress()];
      const ada = { authorization: `Bearer ${await sign({ sub: `ada ${here}` })}` };
      const bob = { cookie: `session=${await sign({ sub: `bob ${here}` })}` };
      const forged = { authorization: `Bearer ${await sign({ secret: "a".repeat(40) })}` };
      expect([
        await remaining(here, ada),
        await remaining(there, ada),
        await remaining(here, bob),
        await remaining(here),
        await remaining(here, forged),
        await remaining(there, ada),
        await remaining(there),
      ]).toEqual([2, 1, 2, 2, 1, 0, 2]);
      expect((await world.ask(path, { method: "POST", headers: ada })).status).toBe(429);
      expect((await world.ask(path, { method: "POST", headers: bob })).status).not.toBe(429);
    });

    test("a checked request calls Redis once, however many limits apply", async () => {
      const address = newAddress();
      // A script of limits calls TIME once, and a script that writes counters never does.
      const scripts = async () => {
        const stats = await world.direct.info("commandstats");
        return Number(/cmdstat_time:calls=(\d+)/.exec(stats)?.[1] ?? 0);
      };
      // The handler makes no call: it rejects the empty body first.
      await repeat(1, "/api/analytics/track", address);
      const before = await scripts();
      await repeat(5, "/api/analytics/track", address);
      expect(await scripts()).toBe(before + 5);
    });

    test("an unlimited path makes no store call, except reading the control entries after the response", async () => {
      const calls = async () => {
        const stats = await world.direct.info("commandstats");
        const counted = stats.matchAll(/cmdstat_(?!info)([^:]+):calls=(\d+)/g);
        return new Map([...counted].map(([, name = "", n]) => [name, Number(n)]));
      };
      // Earlier counts must be written first, so the test waits for a second without calls.
      let before = new Map<string, number>();
      const isQuiet = async () => {
        const last = before;
        before = await calls();
        return [...before].join() === [...last].join();
      };
      await expect.poll(isQuiet, { interval: 1000 }).toBe(true);
      expect((await world.ask("/")).status).toBe(200);
      const after = await calls();
      const more = [...after].filter(([name, n]) => n !== before.get(name));
      const gets = (before.get("get") ?? 0) + 1;
      expect([[], [["get", gets]]]).toContainEqual(more);
    });

    test("/api/health checks no limit, although its handler calls the store now and then", async () => {
      const scripts = async () => {
        const stats = await world.direct.info("commandstats");
        return Number(/cmdstat_time:calls=(\d+)/.exec(stats)?.[1] ?? 0);
      };
      const before = await scripts();
      for (let i = 0; i < 3; i += 1) {
        expect((await world.ask("/api/health")).status).toBe(200);
      }
      expect(await scripts()).toBe(before);
    });
  });
}
