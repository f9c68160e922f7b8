import { UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { headersFor, POST_ROUTES, type PostRouteCase } from "../../support/routes.ts";
import { sign } from "../../support/sign.ts";
import type { World } from "./world.ts";

let users = 0;

/** Returns a new user. */
function newUser(): string {
  users += 1;
  return `user-${users}`;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
}

/** The expected response of a rejected request: problem details that no cache stores. */
const problem = (status: number) => ({
  status,
  type: "application/problem+json",
  cache: "no-store",
  text: expect.stringContaining(`"status":${status}`),
});

const json = (value: unknown) => ({ body: JSON.stringify(value) });

const WITH_CALLER = POST_ROUTES.filter(({ caller }) => caller !== "anyone");
const ADMIN_ROUTES = POST_ROUTES.filter(({ caller }) => caller === "admin");

/** The input that each route accepts and rejects, and its authorized callers. */
export function describeRoutes(world: World): void {
  async function send(route: PostRouteCase, { method = "POST", headers, body }: Sent = {}) {
    // Earlier counts must not affect this request.
    await world.direct.flushall();
    const by = headers ?? (await headersFor(route, newUser()));
    const asking = { method, headers: by, ...(body !== undefined && { body }) };
    const answer = await world.ask(route.path, asking);
    const text = await answer.text();
    const { status, headers: sent } = answer;
    const [type, cache] = [sent.get("content-type"), sent.get("cache-control")];
    return { status, type, cache, headers: sent, text };
  }

  describe.each(POST_ROUTES)("POST $path", (route) => {
    test("a route accepts good input, and leaves no key without a TTL", async () => {
      const answer = await send(route, json(route.good));
      expect(answer).toMatchObject({ status: route.status });
      expect(answer.cache).toContain("no-store");
      const keys = await world.direct.keys("*");
      const ttls = await Promise.all(keys.map((key) => world.direct.pttl(key)));
      expect(keys.filter((_, at) => (ttls[at] ?? -1) <= 0)).toEqual([]);
    });

    test.each(route.bad)("a route rejects %j with a list of errors", async (bad) => {
      const answer = await send(route, json(bad));
      expect(answer).toMatchObject(problem(400));
      expect(answer.text).toContain('"errors":[{');
    });

    test("a route rejects a body that is not JSON, not UTF-8 or above 64 kB", async () => {
      expect(await send(route, { body: '{"type":' })).toMatchObject(problem(400));
      expect(await send(route, { body: new Uint8Array([0x22, 0xff, 0x22]) })).toMatchObject(
        problem(400),
      );
      const large = JSON.stringify({ ...route.good, more: "x".repeat(64 * 1024) });
      expect(await send(route, { body: large })).toMatchObject(problem(413));
    });

    test.each(["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])(
      "a route rejects the content type %j",
      async (type) => {
        const headers = { ...(await headersFor(route, newUser())), "content-type": type };
        expect(await send(route, { headers, ...json(route.good) })).toMatchObject(problem(415));
      },
    );

    test.each(["GET", "PUT", "PATCH", "DELETE"])(
      "a route answers %s with 405 and its allowed methods",
      async (method) => {
        const answer = await send(route, { method });
        expect(answer).toMatchObject(problem(405));
        expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
      },
    );
  });

  describe.each(WITH_CALLER)("POST $path by an unauthorized caller", (route) => {
    const role = route.caller === "admin" ? { role: "admin" } : {};
    const type = { "content-type": "application/json" };

    test.each<[string, () => Promise<string> | string | undefined]>([
      ["no token", () => undefined],
      ["an expired token", () => sign({ ...role, exp: "1 minute ago" })],
      [
        "a forged token",
        () => sign({ ...role, secret: "a secret that signs no valid token at all" }),
      ],
      ["another algorithm", () => sign({ ...role, alg: "HS512" })],
      ["another audience", () => sign({ ...role, aud: "elsewhere" })],
      [
        "an unsigned token",
        () =>
          new UnsecuredJWT({ sub: "artist-1", aud: "headgate", ...role })
            .setExpirationTime("5m")
            .encode(),
      ],
    ])("a request with %s is 401", async (_, make) => {
      const token = await make();
      const headers = { ...type, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      const answer = await send(route, { headers, ...json(route.good) });
      expect(answer).toMatchObject(problem(401));
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="headgate"/);
    });

    test("a request with a session cookie needs the app's own origin", async () => {
      const cookie = `session=${await sign(role)}`;
      const from = (origin?: string) =>
        send(route, {
          headers: { ...type, cookie, ...(origin !== undefined && { origin }) },
          ...json(route.good),
        });
      expect(await from()).toMatchObject(problem(403));
      expect(await from("https://evil.example")).toMatchObject(problem(403));
      expect(await from("null")).toMatchObject(problem(403));
      expect((await from(world.instances[0]?.url)).status).toBe(route.status);
    });
  });

  test.each(
    ADMIN_ROUTES.flatMap((route) =>
      [undefined, "user", "Admin"].map((role) => [route, role] as const),
    ),
  )("POST $path with another role is 403", async (route, role) => {
    const token = await sign(role === undefined ? {} : { role });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    expect(await send(route, { headers, ...json(route.good) })).toMatchObject(problem(403));
  });

  test("the command of the requirements document is accepted as written", async () => {
    await world.direct.flushall();
    const track = async () => {
      const answer = await world.ask("/api/analytics/track", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: '{"type":"profile_view","artistId":"...","sessionId":"test-123"}',
      });
      return answer.json();
    };
    expect(await track()).toStrictEqual({ tracked: true });
    expect(await track()).toStrictEqual({ tracked: false, reason: "duplicate" });
  });
}
