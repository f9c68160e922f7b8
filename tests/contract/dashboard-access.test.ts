import { describe, expect, test, vi } from "vitest";
import { SCRIPT_NAME, STYLE_NAME } from "#lib/dashboard/assets";
import { createDashboard, type DashboardOptions } from "#lib/dashboard/index";
import { countingGate, ownNamespace } from "../support/counters.ts";
import { openDashboard } from "../support/dashboard.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();

describe("who may see a dashboard", () => {
  const gateOf = () => countingGate(live.store, ownNamespace()).gate;
  const paths = ["", `/${SCRIPT_NAME}`, `/${STYLE_NAME}`, "/live.sse", "/other"];
  const statuses = (authorize: unknown, gate = gateOf()) => {
    const handler = createDashboard(gate, { authorize } as DashboardOptions);
    return Promise.all(
      paths.map(async (path) => {
        const context = { params: Promise.resolve({ path: path ? [path.slice(1)] : undefined }) };
        const response = await handler(new Request(`http://app.example/h${path}`), context);
        await response.body?.cancel();
        return response.status;
      }),
    );
  };

  test.each([
    ["false", () => false],
    ["a promise of false", async () => false],
    ["a session, which is not true", () => ({ user: "admin" })],
    ["nothing", () => undefined],
    ["an absent function", undefined],
  ])("authorize that returns %s makes every path a 404", async (_, authorize) => {
    expect(await statuses(authorize)).toEqual([404, 404, 404, 404, 404]);
  });

  test("authorize that throws makes every path a 404, and an event has the reason", async () => {
    const onEvent = vi.fn();
    const { gate } = countingGate(live.store, ownNamespace(), { onEvent: [onEvent] });
    const error = new Error("no session store");
    const throws = () => {
      throw error;
    };
    expect(await statuses(throws, gate)).toEqual([404, 404, 404, 404, 404]);
    const reported = { kind: "failure", during: "app", name: "dashboard authorize", error };
    expect(onEvent).toHaveBeenCalledWith(reported);
  });

  test("authorize that returns true opens every path", async () => {
    expect(await statuses(() => true)).toEqual([200, 200, 200, 200, 404]);
    expect(await statuses(async () => true)).toEqual([200, 200, 200, 200, 404]);
  });

  test("a response of authorize is returned unchanged", async () => {
    const authorize = () => Response.redirect("http://app.example/login");
    expect(await statuses(authorize)).toEqual([302, 302, 302, 302, 302]);
  });
});

describe("the page", () => {
  test.each([
    ["/headgate", "./headgate/"],
    ["/ops/limits/", "./limits/"],
    ["/a%22b", "./a%22b/"],
    ["/", "./"],
  ])("the page at %s has its files below %s", async (path, base) => {
    const { at } = openDashboard(countingGate(live.store, ownNamespace()).gate);
    const html = await (await at(path)).text();
    expect(html).toContain(`src="${base}${SCRIPT_NAME}"`);
    expect(html).toContain(`href="${base}${STYLE_NAME}"`);
  });

  test("the page has a Content-Security-Policy with a new nonce each time, in a header and a meta tag, and cannot be framed", async () => {
    const { at } = openDashboard(countingGate(live.store, ownNamespace()).gate);
    const nonces = new Set<string>();
    for (let i = 0; i < 3; i += 1) {
      const response = await at("/headgate");
      const policy = response.headers.get("content-security-policy") ?? "";
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
      nonces.add(nonce);
      const html = await response.text();
      expect(html).toContain(`nonce="${nonce}"`);
      expect(html).toMatch(
        /<meta http-equiv="Content-Security-Policy"[^>]*default-src (?:'|&#39;|&#x27;)none/i,
      );
      expect(policy).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
      expect(response.headers.get("x-frame-options")).toBe("DENY");
      expect(response.headers.get("cache-control")).toBe("private, no-store");
    }
    expect(nonces.size).toBe(3);
  });

  test("browsers cache the page's script and style, and these contain no address of another host", async () => {
    const { at } = openDashboard(countingGate(live.store, ownNamespace()).gate);
    for (const name of [SCRIPT_NAME, STYLE_NAME]) {
      const response = await at(`/headgate/headgate/${name}`);
      expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
      expect(await response.text()).not.toMatch(/url\(\s*["']?(?:https?:)?\/\//);
    }
  });
});
