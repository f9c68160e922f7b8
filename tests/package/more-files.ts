import { deepStrictEqual, match } from "node:assert/strict";

/** A handler with tools that need no further package, although `headgate/redis` may need one. */
const TOOLS = `import { createDedup } from "headgate/dedup";
import { createIdempotent } from "headgate/idempotency";
import { createLocks } from "headgate/locks";
import { isStoreFailure } from "headgate/redis";
import { gate } from "../../../gate";

const { shouldTrackEvent } = createDedup(gate);
const { withLock } = createLocks(gate);
const idempotent = createIdempotent(gate);

export const POST = idempotent(answer, {
  caller: (request) => request.headers.get("x-user") ?? undefined,
});

async function answer(): Promise<Response> {
  try {
    const first = await shouldTrackEvent("visit", 60);
    const again = await shouldTrackEvent("visit", 60);
    const held = await withLock("work", async () => "done");
    return Response.json({ first, again, held: held.ran && held.value });
  } catch (error) {
    return Response.json({ isStoreFailure: isStoreFailure(error) }, { status: 503 });
  }
}
`;

const DASHBOARD = `import { createDashboard } from "headgate/dashboard";
import { gate } from "../../../counted";

export const GET = createDashboard(gate, {
  authorize: (request) => request.headers.get("x-user") === "operator",
});
`;

const COUNTED = `import { createHeadgate, fromEnv } from "headgate";
import { countEvents } from "headgate/metrics";
import policy from "./config/rate-limits";

export const gate = createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents() }));
`;

/** Files of an app besides those of docs/start/new-app.md: a handler with tools, and the dashboard. */
export const MORE_FILES: Readonly<Record<string, string>> = {
  "app/api/tools/route.ts": TOOLS,
  "app/headgate/[[...path]]/route.ts": DASHBOARD,
  "counted.ts": COUNTED,
};

/** Uses the handler and the dashboard. Throws with the unexpected results. */
export async function useMoreFiles(url: string): Promise<void> {
  const headers = { "x-forwarded-for": "203.0.113.1", "x-user": "operator" };
  const tools = await fetch(`${url}/api/tools`, {
    method: "POST",
    headers: { ...headers, "idempotency-key": '"a"' },
  });
  deepStrictEqual(await tools.json(), { first: true, again: false, held: "done" });

  const stranger = await fetch(`${url}/headgate`, {
    headers: { "x-forwarded-for": "203.0.113.2" },
  });
  deepStrictEqual(stranger.status, 404);
  const page = await fetch(`${url}/headgate`, { headers });
  deepStrictEqual(page.status, 200);
  const html = await page.text();
  const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(html) ?? [];
  match(script, /script-\w+\.js$/);
  const served = await fetch(new URL(script, page.url), { headers });
  deepStrictEqual(
    [served.status, served.headers.get("content-type")],
    [200, "text/javascript; charset=utf-8"],
  );
}
