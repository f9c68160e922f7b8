import { describe, expect, test } from "vitest";
import { sendExactly } from "../../support/raw-http.ts";
import { newAddress, type World } from "./world.ts";

/** Spellings of the search's path that some server, proxy or router accepts. */
const SPELLINGS = [
  "/api/search",
  "/api/search/",
  "/api/search//",
  "//api/search",
  "/api//search",
  "/api/./search",
  "/api/x/../search",
  "/api/x/..%2fsearch",
  "/api/%2e/search",
  "/api/x/%2e%2e/search",
  "/api%2fsearch",
  "/api\\search",
  "/api/%73earch",
  "/%61pi/search",
  "/api/%2573earch",
  "/API/search",
  "/api/Search",
  "/api/search?q=a",
  "/api/search#x",
  "/api/search%23x",
  "/api/search%3fx",
  "/api/search;x",
  "/api/search%00",
  "/api/search%0a",
  "/api/search%20",
  "/api/search.rsc",
  "/api/search.json",
  "/api/search.prefetch.rsc",
  "/api/search.segments/_tree.segment.rsc",
  "/index/api/search",
  "/_next/data/x/api/search.json",
  "/_next/static/../../api/search",
  "/_next/static/%2e%2e/%2e%2e/api/search",
  "/_next/static/..%2f..%2fapi/search",
  "/favicon.ico/../api/search",
  "/_next/image?url=%2Fapi%2Fsearch&w=640&q=75",
  "http://other.example/api/search",
];

/** Headers that servers, proxies and frameworks send to themselves, and that a client may forge. */
const HEADERS: readonly (readonly [string, string])[] = [
  ["x-middleware-subrequest", "middleware:middleware:middleware:middleware:middleware"],
  ["x-middleware-subrequest", "src/middleware:src/middleware:src/middleware:src/middleware"],
  ["x-middleware-invoke", "1"],
  ["x-middleware-next", "1"],
  ["x-middleware-rewrite", "/"],
  ["x-middleware-override-headers", "x-headgate-socket"],
  ["x-invoke-path", "/"],
  ["x-matched-path", "/"],
  ["x-now-route-matches", "1=x"],
  ["x-nextjs-data", "1"],
  ["x-prerender-revalidate", "1"],
  ["x-original-url", "/"],
  ["x-rewrite-url", "/"],
  ["x-forwarded-host", "other.example"],
  ["x-http-method-override", "OPTIONS"],
  ["x-opennext-initial-url", "http://other.example/"],
  ["x-opennext-resolved-routes", "[]"],
  ["x-opennext-internal-result", "/"],
  ["RSC", "1"],
];

export function describeSpellings(world: World): void {
  const send = (target: string, headers: Readonly<Record<string, string>> = {}) =>
    sendExactly(world.instances[0]?.url ?? "", "GET", target, {
      ...world.target.from(newAddress()),
      ...headers,
    });

  describe("a path", () => {
    test("no spelling of a path serves a search uncounted", async () => {
      const served: string[] = [];
      const uncounted: string[] = [];
      const failed: string[] = [];
      for (const target of SPELLINGS) {
        const answer = await send(target);
        if (answer.status === 500) failed.push(target);
        if (!answer.body.includes('"artists":')) continue;
        served.push(target);
        if (!answer.headers.get("ratelimit")?.includes('"search:ip:minute"'))
          uncounted.push(target);
      }
      expect(uncounted).toEqual([]);
      // workerd cannot read a target with a host, and no server in front of it sends one.
      expect(failed.filter((target) => target.startsWith("/"))).toEqual([]);
      expect(served).toContain("/api/search");
    });

    test.each(HEADERS)(
      "a search with the header %s: %s is counted or not served",
      async (name, value) => {
        const answer = await send("/api/search", { [name]: value });
        const isCounted = answer.headers.get("ratelimit")?.includes('"search:ip:minute"') === true;
        expect(answer.body.includes('"artists":') && !isCounted).toBe(false);
      },
    );
  });
}
